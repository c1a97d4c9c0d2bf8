package session

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

var packageName = regexp.MustCompile(`(^|[ (])(?:(?:gpu|shaders|model|hf|hub|gguf|safetensors|rl|hyper|task|score|examine|stat|runs|race|session|engine|lab|site|web): )+`)

// Message returns the text of an error for a visitor: without the names of packages, and with JSON's words for types in place of Go's.
func Message(err error) string {
	text := err.Error()
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		has, _, _ := strings.Cut(wrong.Value, " ")
		says := fmt.Sprintf("%s is %s and should be %s", cmp.Or(wrong.Field, "it"), cmp.Or(jsonWords[has], has), goWords(wrong.Type.Kind()))
		text = strings.ReplaceAll(text, wrong.Error(), says)
	}
	return strings.Join(strings.Fields(packageName.ReplaceAllString(text, "$1")), " ")
}

var jsonWords = map[string]string{"string": "text", "number": "a number", "bool": "true or false", "array": "a list", "object": "an object"}

func goWords(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number in range"
}
