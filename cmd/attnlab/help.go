package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

const overview = `attnlab trains small models to reason, and looks into how they do it.

usage: attnlab COMMAND [flags]

`

const overviewEnd = `
Every command takes --json, --seed and --backend. "attnlab help COMMAND" shows its flags and examples.
Exit status: 0 done, 1 could not, 2 wrong usage.
`

// help prints what "help" and the names after it ask for.
func help(w io.Writer, args []string) error {
	if len(args) < 2 {
		fmt.Fprint(w, overview)
		t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		for _, cmd := range commands {
			fmt.Fprintf(t, "  %s\t%s\n", cmd.name, cmd.does)
		}
		t.Flush()
		fmt.Fprint(w, overviewEnd)
		return nil
	}
	cmd, err := find(args[1])
	if err != nil {
		return err
	}
	o := defaults
	f := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	o.every(f)
	cmd.flags(&o, f)
	takes := ""
	if cmd.takes != "" {
		takes = " [" + cmd.takes + "…]"
	}
	fmt.Fprintf(w, "usage: attnlab %s [flags]%s\n\n%s: %s.\n%s", cmd.name, takes, cmd.name, cmd.does, cmd.about)
	printFlags(w, "\nFlags:\n", f, func(name string) bool { return !slices.Contains(sharedFlags, name) })
	printFlags(w, "\nFlags of other commands too:\n", f, func(name string) bool { return slices.Contains(sharedFlags, name) })
	return nil
}

func printFlags(w io.Writer, title string, f *flag.FlagSet, which func(name string) bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	f.VisitAll(func(one *flag.Flag) {
		if !which(one.Name) {
			return
		}
		fmt.Fprint(t, title)
		title = ""
		value, text := flag.UnquoteUsage(one)
		// In running text the name of the value stands where it is; only one that begins the text goes to the flag.
		text = strings.TrimLeft(strings.TrimPrefix(text, value), ",: ")
		if one.DefValue != "" && one.DefValue != "false" {
			text += fmt.Sprintf(" (default %s)", one.DefValue)
		}
		fmt.Fprintf(t, "  --%s %s\t%s\n", one.Name, value, text)
	})
	t.Flush()
}
