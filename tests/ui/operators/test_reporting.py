"""When buttons are grey and why."""

import bpy
import pytest


@pytest.mark.parametrize(
    ("operator", "reason"),
    [
        ("capture", "Choose a movie"),
        ("finish_capture", "No capture is running"),
        ("cancel_capture", "No capture is running"),
        ("export_take", "Capture footage first"),
        ("export_csv", "Capture footage first"),
        ("add_character", "Select a mesh"),
        ("remove_character", "Add a character"),
        ("match_mapping", "Add a character"),
        ("load_mapping", "Add a character"),
        ("save_mapping", "Add a character"),
        ("mapping_row_add", "Add a character"),
        ("mapping_row_remove", "Choose a row"),
        ("mapping_row_duplicate", "Choose a row"),
        ("mapping_row_move", "Choose a row"),
        ("copy_mapping", "Add a character"),
        ("show_expression", "Add a character"),
        ("use_target", "Add a character"),
        ("add_parts", "Add a character"),
        ("bake", "Capture footage first"),
    ],
)
def test_a_grey_button_says_why(operator: str, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason):
        getattr(bpy.ops.facert, operator)()
