// Package text is tasks of free text, for models with a tokenizer of their own: responses are cut into steps by a rule ([Cut]), prompts
// are written with the markers of a chat ([Chat]), and arithmetic is judged line by line ([Equations]).
//
// [Kinds] lists the tasks: few-shot chain, whose steps all have true labels; problems, a user's own with their answers; and text, a
// prompt without an answer. [New] makes one for a tokenizer. The result is a [task.Task], so that all that examines traces takes it.
package text
