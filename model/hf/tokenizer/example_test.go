// An example prints to a file, and a browser has none.

//go:build !js

package tokenizer_test

import (
	"fmt"
	"log"
	"strings"

	"attnlab/model/hf/tokenizer"
)

// A tokenizer maps words to ids; the token "\n" is a line end of the text.
func ExampleWords() {
	t, err := tokenizer.NewWords([]string{"<pad>", "\n", "so", "b", "0"})
	if err != nil {
		log.Fatal(err)
	}
	ids, err := t.Encode("so b 0\nso")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ids)
	fmt.Printf("%q\n", t.Decode(ids))
	_, err = t.Encode("so c")
	_, reason, _ := strings.Cut(err.Error(), ": ")
	fmt.Println(reason)
	// Output:
	// [2 3 4 1 2]
	// "so b 0\nso"
	// the vocabulary has no token "c" (token 1, on line 1)
}
