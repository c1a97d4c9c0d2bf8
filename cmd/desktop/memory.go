package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// memory is what the program remembers from one start to the next, in desktop.json in the user's folder of settings.
type memory struct {
	Width     int    `json:"width"` // of the main window
	Height    int    `json:"height"`
	Maximized bool   `json:"maximized"`
	Theme     string `json:"theme"` // "light", "dark", or "" for the system's
	// Port is where the lab was served last. What a page stores belongs to its port, so the same is taken again if it is free.
	Port int `json:"port"`
	// Run is the run that was training when the program ended, empty if none was. It is resumed at the next start.
	Run string `json:"run"`
	// Backend is what was chosen to compute: auto, host, or an adapter.
	Backend string `json:"backend"`
}

// first is the memory of the first start.
var first = memory{Width: 1360, Height: 900}

// smallest and largest are the sizes of a window that are taken from the file.
const smallest, largest = 320, 16384

// memoryFile is where the memory lies.
func memoryFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of settings: %w", err)
	}
	return filepath.Join(dir, "attnlab", "desktop.json"), nil
}

// recall reads the memory. With an error, which is one sentence, it returns the memory of the first start: nothing in it is worth
// stopping for.
func recall(file string) (memory, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return first, nil
	}
	if err != nil {
		return first, fmt.Errorf("the settings of the last start cannot be read (%w); the window starts with the usual ones", err)
	}
	m := first
	if err := json.Unmarshal(data, &m); err != nil {
		return first, fmt.Errorf("%s is damaged (%w); the window starts with the usual settings and writes the file again", file, err)
	}
	if m.Width < smallest || m.Height < smallest || m.Width > largest || m.Height > largest {
		m.Width, m.Height = first.Width, first.Height
	}
	if m.Theme != "light" && m.Theme != "dark" {
		m.Theme = ""
	}
	if m.Port < 1024 || m.Port > 65535 {
		m.Port = 0
	}
	return m, nil
}

// save replaces the file whole. Keys of other versions stay.
func (m memory) save(file string) error {
	all := map[string]any{}
	if data, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(data, &all) // a damaged file is replaced
	}
	data, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err == nil {
		data, err = json.MarshalIndent(all, "", "  ")
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	half := file + ".new"
	if err := os.WriteFile(half, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(half, file)
}
