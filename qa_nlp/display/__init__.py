"""What a reader of a scorecard sees, as plain values: the HTML templates only print them."""
