package hf

import (
	"maps"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// A limit on file sizes fails a write half way, as a full disk does.
func TestFullDiskLeavesTheOldCheckpoint(t *testing.T) {
	dir := t.TempDir()
	c := checkpoint(t)
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	c.Weights = c.Config.Init(99)

	signal.Ignore(syscall.SIGXFSZ) // so that write returns an error instead
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = 8 << 10 // more than config.json, less than model.safetensors
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		t.Fatal(err)
	}
	err := c.Save(dir)
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); restore != nil {
		t.Fatal(restore)
	}
	if err == nil || !strings.Contains(err.Error(), "the old one is unharmed") {
		t.Errorf("Save = %v", err)
	}
	if after := snapshot(t, dir); !maps.Equal(after, before) {
		t.Error("the failed save changed the folder")
	}
}
