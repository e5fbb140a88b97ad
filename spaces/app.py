"""The Hugging Face Space: the same app, hosted. Each visitor has things of their own, which are erased after 24 hours."""

from ui.space import main

if __name__ == "__main__":
    main()
