package gpu

import (
	"fmt"
	"strings"
)

// LostError says that the adapter took the device away (driver reset, sleep,
// out of memory, [Device.Lose]). Open a new device and restore onto it.
type LostError struct{ Reason string }

func (e *LostError) Error() string {
	return fmt.Sprintf("gpu: the GPU device was lost (%s); open it again to go on from the last kept step", e.Reason)
}

// KernelError says which kernel the engine refused, and why.
type KernelError struct{ Kernel, Message string }

func (e *KernelError) Error() string {
	return fmt.Sprintf("gpu: kernel %s: %s", e.Kernel, e.Message)
}

// asLost turns an engine's message about a lost device into a LostError.
func asLost(err error) error {
	if err != nil && strings.Contains(strings.ToLower(err.Error()), "lost") {
		return &LostError{Reason: err.Error()}
	}
	return err
}
