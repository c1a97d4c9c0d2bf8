// Package stat is the project's only statistics: means and their errors, intervals, quantiles, rank statistics, resampling
// and comparisons of runs. It writes numbers for people too, see [Decimals]. It imports nothing of the project.
//
// # Conventions
//
// A standard deviation or standard error is the sample's: the sum of squares is divided by n-1. The only exception has Pop in
// its name: rewards are scaled by the population's deviation because the methods' papers define it so. A share is the mean of
// values 0 and 1, so its standard error is that of a mean, √(p(1-p)/(n-1)). The interval of a share is Wilson's.
//
// The formulas are written out because gonum/stat brings linear algebra into the programs of the page; it is the referee of
// the tests instead. Only the t distribution needs gonum, its beta functions.
//
// Equal values have that value as their mean and a spread of exactly 0, so rounding cannot turn into advantages. A statistic
// of too few values is NaN; [Number] writes that as null in JSON.
package stat
