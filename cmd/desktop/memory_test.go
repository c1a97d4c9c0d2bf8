package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMemoryIsSavedWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attnlab", "desktop.json")
	m, err := recall(file)
	if err != nil || m != first {
		t.Fatalf("recall without a file = %+v, %v; want the first memory", m, err)
	}
	m = memory{Width: 1000, Height: 700, Maximized: true, Theme: "dark", Port: 4321, Run: "attnpo-7", Backend: "host"}
	if err := m.save(file); err != nil {
		t.Fatal(err)
	}
	if got, err := recall(file); err != nil || got != m {
		t.Errorf("recall = %+v, %v; want %+v", got, err, m)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.new")); left != nil {
		t.Errorf("saving left %v", left)
	}
}

func TestMemoryKeepsKeysOfOtherVersions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "desktop.json")
	if err := os.WriteFile(file, []byte(`{"width": 900, "height": 600, "colour": "blue"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := recall(file)
	if err != nil || m.Width != 900 {
		t.Fatalf("recall = %+v, %v", m, err)
	}
	if err := m.save(file); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(file); !strings.Contains(string(data), `"colour": "blue"`) {
		t.Errorf("saved %s without the key that it does not know", data)
	}
}

// What a person or a crash did to the file is reported in one sentence or replaced, and never stops the start.
func TestMemoryOfADamagedFile(t *testing.T) {
	for text, wrong := range map[string]bool{
		``: true, `{"width": 1`: true, `[]`: true, `{"width": "wide"}`: true,
		`{"width": -5, "height": 700}`: false, `{"width": 1000000, "height": 700}`: false, `{"theme": "<script>"}`: false, `{"port": 22}`: false, `{"port": 99999}`: false,
	} {
		file := filepath.Join(t.TempDir(), "desktop.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := recall(file)
		if (err != nil) != wrong || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one: %v", text, err, wrong)
		}
		if m != first {
			t.Errorf("%s: %+v, want the first memory", text, m)
		}
		if err := m.save(file); err != nil {
			t.Errorf("%s: save: %v", text, err)
		}
		if _, err := recall(file); err != nil {
			t.Errorf("%s: after save: %v", text, err)
		}
	}
}
