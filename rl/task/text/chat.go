package text

import (
	"fmt"
	"slices"
	"strings"
)

// Chat is how a model's prompts are marked. Prompts are text with the markers in it, which can be read and edited; there is no template
// engine.
type Chat struct {
	Name  string
	Title string

	markers []string          // tokens that a tokenizer of this chat has
	turn    func(Turn) string // a whole turn
	reply   string            // begins the answer of the model
}

// Turn is a message of a chat. Role is system, user or assistant.
type Turn struct{ Role, Text string }

// Chats lists the chats that are recognised, Plain last.
var Chats = []Chat{
	{Name: "chatml", Title: "ChatML", markers: []string{"<|im_start|>", "<|im_end|>"},
		turn:  func(t Turn) string { return "<|im_start|>" + t.Role + "\n" + t.Text + "<|im_end|>\n" },
		reply: "<|im_start|>assistant\n"},
	{Name: "llama3", Title: "Llama 3", markers: []string{"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},
		turn: func(t Turn) string {
			return "<|start_header_id|>" + t.Role + "<|end_header_id|>\n\n" + t.Text + "<|eot_id|>"
		},
		reply: "<|start_header_id|>assistant<|end_header_id|>\n\n"},
	{Name: "deepseek", Title: "DeepSeek-R1", markers: []string{"<｜User｜>", "<｜Assistant｜>"},
		turn: func(t Turn) string {
			switch t.Role {
			case "user":
				return "<｜User｜>" + t.Text
			case "assistant":
				return "<｜Assistant｜>" + t.Text + "<｜end▁of▁sentence｜>"
			}
			return t.Text
		},
		reply: "<｜Assistant｜><think>\n"},
	Plain,
}

// Plain is a model without markers: questions and answers follow one another, with a blank line between.
var Plain = Chat{Name: "plain", Title: "plain text",
	turn: func(t Turn) string {
		if t.Role == "user" {
			return t.Text + "\n"
		}
		return t.Text + "\n\n"
	}}

// Recognise returns the chat whose markers a tokenizer has, or Plain.
func Recognise(has func(token string) bool) Chat {
	for _, c := range Chats {
		if len(c.markers) > 0 && !slices.ContainsFunc(c.markers, func(m string) bool { return !has(m) }) {
			return c
		}
	}
	return Plain
}

// ChatNames lists the names of the chats.
func ChatNames() (names []string) {
	for _, c := range Chats {
		names = append(names, c.Name)
	}
	return names
}

// FindChat returns the chat with a name, or an error that lists the names.
func FindChat(name string) (Chat, error) {
	for _, c := range Chats {
		if c.Name == name {
			return c, nil
		}
	}
	return Chat{}, fmt.Errorf("task: there is no chat %.20q: choose one of %s", name, strings.Join(ChatNames(), ", "))
}

// Prompt writes turns and the marker that begins the model's answer. A text in the turns that has markers of its own is not escaped:
// what a user types is what the model reads.
func (c Chat) Prompt(turns []Turn) string {
	var b strings.Builder
	for _, t := range turns {
		b.WriteString(c.turn(t))
	}
	return b.String() + c.reply
}

// Marked reports whether a text is a whole prompt already: it has markers of the chat, or, where the chat has none, it ends a line.
func (c Chat) Marked(text string) bool {
	if len(c.markers) == 0 {
		return strings.HasSuffix(text, "\n")
	}
	return slices.ContainsFunc(c.markers, func(m string) bool { return strings.Contains(text, m) })
}
