package gpu

import (
	"errors"
	"fmt"
	"strings"
)

// LostError means that the adapter took the device away (driver reset, sleep, out of
// memory, [Device.Lose]). Open a new device and restore onto it.
type LostError struct{ Reason string }

func (e *LostError) Error() string {
	return fmt.Sprintf("gpu: the GPU device was lost (%s); open it again to continue from the last saved step", e.Reason)
}

// KernelError names a kernel that the backend refused, and why.
type KernelError struct{ Kernel, Message string }

func (e *KernelError) Error() string {
	return fmt.Sprintf("gpu: kernel %s: %s", e.Kernel, e.Message)
}

// wrapError converts a backend's error to this package's types. wgpu-native reports a
// lost device only in the message text.
func wrapError(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(strings.ToLower(text), "device is lost"):
		return &LostError{Reason: text}
	case !strings.HasPrefix(text, "gpu: "):
		return fmt.Errorf("gpu: %w", err)
	}
	return err
}

func isLost(err error) bool { _, lost := errors.AsType[*LostError](err); return lost }
