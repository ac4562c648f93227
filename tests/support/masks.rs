//! What differs from run to run in a page, put out of sight of its snapshot.

/// With these a page of a story is always the same.
pub fn masks() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (found, shown) in [
        (r"/assets/handover-[0-9a-f]{32}", "/assets/handover-HASH"),
        (
            r#"name="form" value="[A-Za-z0-9_-]{43}""#,
            r#"name="form" value="FORM""#,
        ),
        (
            r#"name="once" value="cmd_[0-9a-v]{26}""#,
            r#"name="once" value="ONCE""#,
        ),
        (r#"data-since="[0-9]+""#, r#"data-since="SINCE""#),
        (r"\bho_[A-Za-z0-9_-]{43}", "ho_SECRET"),
        (r"/l/[A-Za-z0-9_-]{43}", "/l/TOKEN"),
        (
            r"\b(acc|wg|run|prj|tr|inv|lnk|sha|sgn)_[0-9a-v]{26}\b",
            "${1}_ID",
        ),
    ] {
        settings.add_filter(found, shown);
    }
    settings
}
