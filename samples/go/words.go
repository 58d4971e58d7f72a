// Words counts the words of standard input and prints the ten most frequent ones, ties in alphabetical order.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strings"
)

func main() {
	counts := map[string]int{}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Split(bufio.ScanWords)
	for scanner.Scan() {
		if word := strings.Trim(strings.ToLower(scanner.Text()), ".,;:!?\"'()"); word != "" {
			counts[word]++
		}
	}
	words := make([]string, 0, len(counts))
	for word := range counts {
		words = append(words, word)
	}
	sort.Slice(words, func(i, j int) bool {
		if counts[words[i]] != counts[words[j]] {
			return counts[words[i]] > counts[words[j]]
		}
		return words[i] < words[j]
	})
	for i := 0; i < len(words) && i < 10; i++ {
		fmt.Printf("%4d %s\n", counts[words[i]], words[i])
	}
	if len(words) == 0 {
		os.Exit(1)
	}
}
