"""The long runs that are no part of `./x test`; `./x torture` alone lists them."""
