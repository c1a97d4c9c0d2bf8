//go:build !js && !cgo

package gpu

import "fmt"

func openWebGPU(string) (*Device, error) {
	return nil, fmt.Errorf("gpu: %w: this program was built with CGO_ENABLED=0, which leaves WebGPU out; build with a C compiler to use the GPU", ErrNoAdapter)
}

func adapters() []Info { return nil }
