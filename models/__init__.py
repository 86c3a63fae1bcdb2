"""The networks: what they are, what they learn from, how they are trained, measured and exported.

    photographs ──label──▶ labels ──datasets──▶ crops ──synthesize──▶ made faces ──relabel──▶ SFN's labels
    (shared_data, readers) (fitting, lids, dense) │      (expressions, painting)                 │
                                                  └──────▶ train ◀───────────────────────────────┘
                                                   (single_task, multi_task: augment, scenes; losses)
    weights/*.onnx ◀──export── calibrated, with likeness ◀──calibrate, things, likeness── best weights
         └──▶ evaluate ──▶ results/*.json ──report──▶ README.md

Networks are made of `blocks`: `single_face`, `multi_face`, and `face_reader`, which joins both: what reads in
it begins as what the SFN has learned (`transfer`).
"""
