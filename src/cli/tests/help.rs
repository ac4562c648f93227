//! The help texts, as people read them.

use super::*;
use clap::CommandFactory as _;

/// `handover transfer request --help` and all the others, in the order of the parser.
#[test]
fn help() {
    let mut all = String::new();
    let mut top = Top::command().term_width(100);
    top.build();
    gather(&mut top, &mut all);
    insta::assert_snapshot!(all);
}

fn gather(command: &mut clap::Command, all: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let own = !command.has_subcommands() || command.get_name() == "handover";
    if own {
        let text = command.render_long_help().to_string();
        // The same under each command, so once is enough to read.
        let text = text.replace(super::super::EXIT_CODES, "(exit codes)");
        all.push_str(&format!(
            "===== {}\n{}\n",
            command.get_bin_name().unwrap_or("handover"),
            text.trim_end()
        ));
    }
    for sub in command.get_subcommands_mut() {
        gather(sub, all);
    }
}

#[test]
fn exit_codes() {
    insta::assert_snapshot!(super::super::EXIT_CODES);
}

#[test]
fn the_parser_is_sound_and_every_shell_gets_its_script() {
    use clap_complete::Shell;
    Top::command().debug_assert();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Top::command(), "handover", &mut script);
        let script = String::from_utf8(script).unwrap();
        for word in ["register", "readdress", "accept-terms", "idempotency-key"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn the_documentation_names_every_exit_code() {
    let documented = include_str!("../../../docs/cli.md");
    for line in super::super::EXIT_CODES.lines().skip(1) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {meaning} |");
        assert!(documented.contains(&row), "docs/cli.md lacks: {row}");
    }
}
