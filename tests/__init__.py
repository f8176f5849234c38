"""All tests; a package, because packages of others install a top-level "tests" too."""
