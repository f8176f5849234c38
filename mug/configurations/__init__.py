"""The settings of the chain API; import them from their modules (`mug.configurations.experiment_config`, …)."""
