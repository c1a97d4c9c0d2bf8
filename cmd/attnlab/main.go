// Command attnlab is the lab on the command line: it trains, samples, looks into and measures small reasoning models, on the GPU
// where there is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"attnlab/app/session"
)

// commands are all commands, in the order of the help text.
var commands = []command{
	serveCommand,
	buildCommand,
	exampleCommand,
	doctorCommand,
	pretrainCommand,
	evalCommand,
	traceCommand,
	headsCommand,
	disruptCommand,
	logitsCommand,
	creditCommand,
	trainCommand,
	treeCommand,
	reflectCommand,
	compareCommand,
	benchCommand,
}

// command is one row of [commands].
type command struct {
	name  string
	takes string // what may stand besides flags, or empty
	does  string // one line
	about string // what else to know, and examples
	// flags adds the command's own flags, and those of o that it takes besides the ones every command has.
	flags func(o *options, f *flag.FlagSet) action
}

// action is what a command does once its flags are read.
type action func(ctx context.Context, c *console) error

// usageError is wrong usage: exit status 2.
type usageError struct{ error }

func wrongUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit status: 0 done, 1 could not, 2 wrong usage.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{options: defaults, stdin: stdin, stdout: stdout, stderr: stderr}
	err := c.dispatch(ctx, args)
	if err == nil {
		return 0
	}
	says := session.Plain(err)
	if errors.Is(err, context.Canceled) && says == context.Canceled.Error() {
		says = "stopped"
	}
	fmt.Fprintln(stderr, "attnlab:", says)
	if _, wrong := errors.AsType[usageError](err); wrong {
		return 2
	}
	return 1
}

// dispatch finds the command and its flags and runs it. Flags that several commands share may stand before the command's name.
func (c *console) dispatch(ctx context.Context, args []string) error {
	shared := flag.NewFlagSet("attnlab", flag.ContinueOnError)
	c.every(shared)
	c.takeTask(shared)
	c.takeModel(shared)
	rest, err := parse(shared, args)
	if errors.Is(err, flag.ErrHelp) || err == nil && len(rest) > 0 && rest[0] == "help" {
		return help(c.stdout, rest)
	}
	if err != nil {
		return wrongUsage("%w before the command; \"attnlab help\" shows how to write it", err)
	}
	if len(rest) == 0 {
		rest = []string{"serve"}
	}
	cmd, err := find(rest[0])
	if err != nil {
		return err
	}
	f := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	c.every(f)
	do := cmd.flags(&c.options, f)
	rest, err = parse(f, rest[1:])
	for cmd.takes != "" && err == nil && len(rest) > 0 {
		c.args = append(c.args, rest[0])
		rest, err = parse(f, rest[1:])
	}
	if errors.Is(err, flag.ErrHelp) {
		return help(c.stdout, []string{"help", cmd.name})
	}
	shared.Visit(func(set *flag.Flag) {
		if err == nil && f.Lookup(set.Name) == nil {
			err = fmt.Errorf("there is no flag --%s", set.Name)
		}
	})
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q is one argument too many", rest[0])
	}
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return wrongUsage("%s: %w; \"attnlab help %s\" lists its flags", cmd.name, err, cmd.name)
	}
	return do(ctx, c)
}

func find(name string) (command, error) {
	i := slices.IndexFunc(commands, func(cmd command) bool { return cmd.name == name })
	if i < 0 {
		return command{}, wrongUsage("there is no command %q; \"attnlab help\" lists them", name)
	}
	return commands[i], nil
}
