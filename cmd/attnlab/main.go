// Command attnlab is the lab on the command line: it trains, samples, inspects and measures small reasoning models, on the GPU
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
	"syscall"

	"attnlab/app/session"
)

// commands are all commands, in the order of the help text.
var commands = []command{
	serveCommand,
	figureCommand,
	buildCommand,
	exampleCommand,
	recordCommand,
	doctorCommand,
	pretrainCommand,
	evalCommand,
	traceCommand,
	headsCommand,
	disruptCommand,
	importanceCommand,
	insideCommand,
	passkCommand,
	logitsCommand,
	creditCommand,
	trainCommand,
	rolloutsCommand,
	mergeCommand,
	handoverCommand,
	treeCommand,
	reflectCommand,
	compareCommand,
	reproduceCommand,
	benchCommand,
}

// command is one row of [commands].
type command struct {
	name  string
	takes string // what may follow besides flags, or empty
	does  string // one line
	about string // what else to know, and examples
	// flags adds the command's own flags, and those of o that it takes besides the ones that every command has.
	flags func(o *options, f *flag.FlagSet) action
}

// action is what a command does once its flags are parsed.
type action func(ctx context.Context, c *console) error

// usageError is a command line that is wrong whatever lies on this machine: exit status 2.
type usageError struct{ error }

func wrongUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit status, see [overview].
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{options: defaults, stdin: stdin, stdout: stdout, stderr: stderr}
	err := c.execute(ctx, args)
	if err == nil {
		return 0
	}
	message := session.Message(err)
	if errors.Is(err, context.Canceled) && message == context.Canceled.Error() {
		message = "stopped"
	}
	fmt.Fprintln(stderr, "attnlab:", message)
	if _, wrong := errors.AsType[usageError](err); wrong {
		return 2
	}
	return 1
}
