package webview

import "unsafe"

// action is struct sigaction of Linux's C libraries on 64-bit machines.
type action struct {
	handler  uintptr
	mask     [128]byte
	flags    int32
	restorer uintptr
}

const onStack = 0x08000000 // SA_ONSTACK

// faults are the signals of faults that both Go and WebKit handle: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
var faults = []int32{4, 5, 6, 7, 8, 11}

// keepSignals makes WebKit's handlers of faults run on the stack that Go gives to signals. WebKit passes on what it does not know, to
// Go's handler, which ends the program where the stack is another: then a nil pointer in any goroutine could not be recovered from.
// It is called after each answer of a page, because WebKit sets its handlers when the first value of a script arrives here.
func keepSignals() {
	for _, signal := range faults {
		var a action
		if sigaction(signal, nil, unsafe.Pointer(&a)) != 0 || a.handler <= 1 || a.flags&onStack != 0 {
			continue
		}
		a.flags |= onStack
		sigaction(signal, unsafe.Pointer(&a), nil)
	}
}

// gcSignal is the signal by which WebKit stops threads for its garbage collection: SIGUSR1.
const gcSignal = 10

// giveSignal takes Go's handler of WebKit's signal away, before WebKit sets its own. Go only has it to pass the signal on to those who ask for
// it by os/signal, and nobody does here. WebKit would write a warning for a handler that it replaces; its variable
// JSC_SIGNAL_FOR_GC, which names another signal, is refused with a message by the versions that check all names that begin with JSC_.
func giveSignal() {
	var standard action
	sigaction(gcSignal, unsafe.Pointer(&standard), nil)
}
