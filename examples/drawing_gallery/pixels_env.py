"""An environment that renders plain images: an array of pixels for every frame."""

import numpy as np

HEIGHT, WIDTH = 80, 120


class Pixels:
    possible_agents = ("human",)
    render_mode = "rgb_array"

    def reset(self, seed=None, options=None):
        self.frame = 0
        return [0], {}

    def step(self, actions):
        self.frame += 1
        return [self.frame], 0.0, int(actions["human"]) == 1, False, {}

    def render(self):
        """(80, 120, 3) uint8: four coloured quarters, and a white square that wanders to the right."""
        image = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
        image[: HEIGHT // 2, : WIDTH // 2] = (47, 102, 144)
        image[: HEIGHT // 2, WIDTH // 2 :] = (209, 73, 91)
        image[HEIGHT // 2 :, : WIDTH // 2] = (143, 185, 150)
        image[HEIGHT // 2 :, WIDTH // 2 :] = (244, 162, 97)
        left = self.frame % (WIDTH - 10)
        image[35:45, left : left + 10] = 255
        return image


env = Pixels()
