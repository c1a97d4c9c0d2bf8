package session_test

import (
	"fmt"
	"log"

	"attnlab/app/session"
)

// Everything that page and engine say to each other is a command or an event, written as JSON with its kind first.
func ExampleEncode() {
	text, err := session.Encode(session.Generate{Unit: "step", Sampling: session.Sampling{Temperature: 0.6, TopP: 1, Seed: 7}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	message, err := session.Decode(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(message.(session.Generate).Unit)
	// Output:
	// {"kind":"Generate","body":{"unit":"step","sampling":{"temperature":0.6,"top_p":1,"seed":7}}}
	// step
}
