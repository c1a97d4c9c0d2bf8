package panels

import "attnlab/app/lab/explain"

func names(list []explain.Quantity) []string {
	var s []string
	for _, q := range list {
		s = append(s, string(q))
	}
	return s
}

func quantityName(s string) string { return explain.Quantity(s).Name() }
