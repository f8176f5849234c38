"""The scenes of the chain API; import them from their modules (`mug.scenes.gym_scene`, …)."""
