package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const overview = `attnlab trains small models to reason, and shows how they do it.

Without a command it serves the lab.

Exit status: 0 if it did what was asked; 2 if the command line itself is wrong, whatever lies on this machine; 1 if the
work failed, also where the command line does not fit the model, the run or the file that it names.`

// execute finds the command, parses its flags and runs it.
func (c *console) execute(ctx context.Context, args []string) error {
	root := c.root()
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetArgs(args)
	refuseShells(root) // after SetOut, as cobra looks up the output here
	return root.ExecuteContext(ctx)
}

// root is the whole program as a tree of cobra's commands.
func (c *console) root() *cobra.Command {
	serve := c.cobra(serveCommand)
	root := &cobra.Command{
		Use: "attnlab", Short: "trains small models to reason, and shows how they do it", Long: overview, Version: version(),
		Args: known, RunE: serve.RunE,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	every := flag.NewFlagSet("", flag.ContinueOnError)
	c.every(every)
	add(root, root.PersistentFlags(), every)
	root.SetFlagErrorFunc(flagError)
	root.Flags().AddFlagSet(serve.Flags())
	root.AddCommand(serve)
	for _, cmd := range commands[1:] {
		root.AddCommand(c.cobra(cmd))
	}
	root.SetHelpCommand(helpCommand(root))
	return root
}

// cobra makes a row of [commands] one of cobra's commands.
func (c *console) cobra(cmd command) *cobra.Command {
	use := cmd.name
	if cmd.takes != "" {
		use += " [" + cmd.takes + "…]"
	}
	own := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	do := cmd.flags(&c.options, own)
	cc := &cobra.Command{Use: use, Short: cmd.does, Long: cmd.name + ": " + cmd.does + ".\n" + strings.TrimRight(cmd.about, "\n")}
	add(cc, cc.Flags(), own)
	cc.Args = func(_ *cobra.Command, args []string) error {
		if cmd.takes == "" && len(args) > 0 {
			return wrongUsage("%s: %q is one argument too many; \"attnlab help %s\" lists the flags", cmd.name, args[0], cmd.name)
		}
		return nil
	}
	cc.RunE = func(cc *cobra.Command, args []string) error {
		c.args, c.given = args, map[string]string{}
		cc.Flags().Visit(func(f *pflag.Flag) { c.given[f.Name] = f.Value.String() })
		if err := c.check(); err != nil {
			return wrongUsage("%s: %w; \"attnlab help %s\" lists the flags", cmd.name, err, cmd.name)
		}
		if err := c.fetchModel(cc.Context()); err != nil {
			return err
		}
		return do(cc.Context(), c)
	}
	return cc
}

// add copies flags into cobra's. A flag whose value is named `a|b|c` in its usage completes to those.
func add(cc *cobra.Command, to *pflag.FlagSet, flags *flag.FlagSet) {
	to.AddGoFlagSet(flags)
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		if value != "" {
			own := to.Lookup(f.Name)
			own.Value = namedValue{Value: own.Value, name: value, holds: f.Value}
			own.Usage = strings.TrimLeft(strings.TrimPrefix(text, value), ",: ")
		}
		if choices := strings.Split(value, "|"); len(choices) > 1 {
			err := cc.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
			if err != nil {
				panic(err) // the flag was added just now
			}
		}
	})
}

// namedValue is a flag's value under a name such as DIR in the help text.
type namedValue struct {
	pflag.Value
	name  string
	holds flag.Value
}

func (v namedValue) Type() string { return v.name }

var decimal = regexp.MustCompile(`^[+-]?[0-9]+$`)

// Set reads whole numbers as decimal ones: package flag would also read 010 as 8, 0x10 and 1_000. An empty value is refused, as it would
// count as not given. The error says what is allowed.
func (v namedValue) Set(text string) error {
	getter, ok := v.holds.(flag.Getter)
	if !ok {
		if err := v.Value.Set(text); err != nil || text != "" {
			return err
		}
		return v.empty()
	}
	allowed := ""
	switch getter.Get().(type) {
	case int, int64:
		allowed = "give a whole decimal number"
	case uint, uint64:
		allowed = "give a whole decimal number from 0"
	case float64:
		if err := v.Value.Set(text); err != nil {
			return errors.New("give a number")
		}
		return nil
	default:
		if text == "" {
			return v.empty()
		}
		return v.Value.Set(text)
	}
	if !decimal.MatchString(text) {
		return errors.New(allowed)
	}
	digits := strings.TrimLeft(text, "+-")
	sign := text[:len(text)-len(digits)]
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = "0"
	}
	err := v.Value.Set(strings.TrimPrefix(sign, "+") + digits)
	if err != nil && len(digits) > 18 {
		allowed += " of at most 18 digits"
	}
	if err != nil {
		return errors.New(allowed)
	}
	return nil
}

// empty says what to give in place of nothing.
func (v namedValue) empty() error {
	if choices := strings.Split(v.name, "|"); len(choices) > 1 {
		return fmt.Errorf("give one of %s, or leave it out", strings.Join(choices, ", "))
	}
	return fmt.Errorf("give %s, or leave it out", v.name)
}

// known refuses a command that does not exist and suggests one.
func known(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	hint := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %q?", near[0])
	}
	return wrongUsage("there is no command %q%s; \"attnlab help\" lists them", args[0], hint)
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "shows how to use a command",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, cmd := range commands {
				names = append(names, cmd.name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && !slices.ContainsFunc(root.Commands(), func(cc *cobra.Command) bool { return cc.Name() == args[0] }) {
				return known(root, args)
			}
			cc, _, err := root.Find(args)
			if err != nil {
				return err
			}
			cc.InitDefaultHelpFlag()
			return cc.Help()
		},
	}
}

// flagError describes in one sentence what is wrong with a flag.
func flagError(cc *cobra.Command, err error) error {
	text := err.Error()
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		text = "there is no flag --" + e.GetSpecifiedName()
	} else if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		text = fmt.Sprintf("--%s needs a value", e.GetFlag().Name)
	} else if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		text = invalid(e)
	}
	if !cc.HasParent() {
		return wrongUsage("%s; \"attnlab help\" lists the flags", text)
	}
	return wrongUsage("%s: %s; \"attnlab help %s\" lists the flags", cc.Name(), text, cc.Name())
}

// invalid describes a value that a flag does not take, and what it takes.
func invalid(e *pflag.InvalidValueError) string {
	name, cause := e.GetFlag().Name, ""
	if err := e.Unwrap(); err != nil {
		cause = strings.TrimPrefix(err.Error(), "hyper: ")
	}
	if strings.HasPrefix(cause, name+" is ") { // it repeats the value, and then says what to give
		_, cause, _ = strings.Cut(cause, "; ")
	}
	switch {
	case e.GetFlag().Value.Type() == "bool":
		cause = "give true or false"
	case strings.HasPrefix(cause, "give "):
	default:
		return fmt.Sprintf("--%s cannot be %q: %s", name, e.GetValue(), cause)
	}
	return fmt.Sprintf("--%s cannot be %q; %s", name, e.GetValue(), cause)
}

// version is the version of the module and the commit that the program was built from, as far as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if text == "" {
		text = "(devel)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += ", commit " + s.Value
		}
	}
	return text
}

// refuseShells makes "attnlab completion SHELL" an error where there is no such shell.
func refuseShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd("completion")
	for _, cc := range root.Commands() {
		if cc.Name() != "completion" {
			continue
		}
		var shells []string
		for _, shell := range cc.Commands() {
			shells = append(shells, shell.Name())
		}
		cc.Args = cobra.ArbitraryArgs
		cc.RunE = func(cc *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cc.Help()
			}
			return wrongUsage("completion: there is no shell %q; choose one of %s", args[0], strings.Join(shells, ", "))
		}
	}
}
