package main

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

// budgetBrotli is how large the module may be, compressed with brotli.
const budgetBrotli = 600_000

// sizes prints how large the module is, and fails where it is over budget.
func sizes() error {
	fmt.Println("Size of the WebAssembly module")
	var brotli int64
	err := fs.WalkDir(dist.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, ".wasm") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		form := "raw"
		switch {
		case strings.HasSuffix(path, ".br"):
			form, brotli = "brotli 11", info.Size()
		case strings.HasSuffix(path, ".gz"):
			form = "gzip"
		}
		fmt.Printf("  %-10s %9d bytes\n", form, info.Size())
		return nil
	})
	switch {
	case err != nil:
		return err
	case brotli == 0:
		return fmt.Errorf("the module is not built: run make module")
	case brotli > budgetBrotli:
		return fmt.Errorf("%d bytes are over the budget of %d", brotli, budgetBrotli)
	}
	fmt.Printf("  budget     %9d bytes brotli\n\n", budgetBrotli)
	return nil
}
