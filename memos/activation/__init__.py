"""Activation memory (paper sections 4.1, 5.4.2 and 6.3): memories as key-value caches that a model reads without
encoding them again.

    model = ActivationModel.of(llm)              # memos.activation.model; llm: memos.llm.hf.HFChat or the embedded
    model
    memory = model.build("Ann keeps bees.")      # encoded once
    model.generate(memory, ["Who keeps bees?"])  # any number of questions; the memory is never written to

``compose`` joins several memories, ``store`` keeps them in files, ``pool`` within byte budgets, ``manager`` promotes
and demotes with the scheduler. All modules but ``errors`` and ``identity`` load torch; nothing is imported here.
"""
