// An example prints to a file, and a browser has none.

//go:build !js

package safetensors_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"attnlab/model/hf/safetensors"
)

// A file is written, read back, and refused when its header does not fit its data.
func Example() {
	file := safetensors.File{Arrays: []safetensors.Array{
		{Name: "w", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}},
		{Name: "b", Shape: []int{2}, Data: []float32{5, 6}},
	}}
	var buffer bytes.Buffer
	if _, err := file.WriteTo(&buffer); err != nil {
		log.Fatal(err)
	}
	read, err := safetensors.Read(buffer.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	w, ok := read.Array("w")
	fmt.Println(ok, w.Shape, w.Data)
	_, err = safetensors.Read(buffer.Bytes()[:buffer.Len()-1])
	_, reason, _ := strings.Cut(err.Error(), "tensor ")
	fmt.Println(reason)
	// Output:
	// true [2 2] [1 2 3 4]
	// b ends at byte 24, but there are 23 bytes of data: the file is cut short
}
