//! `handover project add-files`: what a project holds is listed, and stays where it is.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::wire;

use super::amounts::{counted, size};
use super::args::AddFiles;
use super::failure::{Exit, Failure, reason};
use super::items::Kind;
use super::names;
use super::session::{Form, Session};
use super::text::printable;

/// The server takes so many at once.
const MOST: usize = 1_000;

pub(super) fn add(args: &AddFiles, session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let files = listed(args)?;
    let wanted = std::slice::from_ref(&args.project);
    let ids = names::resolve(wanted, &[Kind::Project], args.context.as_deref(), session)?;
    let id = ids.first().map_or("", String::as_str);
    let (count, bytes) = (files.len() as u64, files.iter().map(|file| file.bytes));
    let bytes = bytes.fold(0, u64::saturating_add);
    let body = wire::AddFiles {
        files,
        dataset: dataset(args),
    };
    let document = session.command(&["projects", id, "files"], &body, &args.once)?;
    let project: wire::Item = match session.form {
        Form::Json => return session.document(&document),
        _ => document.read()?,
    };
    match session.form {
        Form::People => session.print(format_args!(
            "Listed {} ({}) in the project \"{}\", which holds {} in {} now.\n",
            counted(count, "file", "files"),
            size(bytes),
            printable(&project.name),
            size(project.bytes),
            counted(project.files, "file", "files")
        )),
        _ => session.print(format_args!("{}\n", printable(&project.id))),
    }
}

fn dataset(args: &AddFiles) -> Option<wire::IntoDataset> {
    Some(wire::IntoDataset {
        name: args.dataset.clone()?,
        kind: args.kind.clone()?,
        biosample: args.biosample.clone()?,
    })
}

/// All files, or everything that is wrong with them.
fn listed(args: &AddFiles) -> Result<Vec<wire::File>, Failure> {
    let mut problems = Vec::new();
    let mut add = |sentence: String, next_step: &str| {
        problems.push(reason(Exit::Local, sentence, next_step));
    };
    if args.files.len() > MOST {
        add(
            format!("{} files are more than {MOST}", args.files.len()),
            "list them in several commands, for example with xargs -n 1000",
        );
        return Err(Failure::of(Exit::Local, problems));
    }
    let mut names = BTreeSet::new();
    let mut files = Vec::with_capacity(args.files.len());
    for file in &args.files {
        let shown = printable(&file.display().to_string()).to_string();
        let Some(name) = name_of(file) else {
            add(
                format!("{shown} has no name that can be listed"),
                "name a file by a path of readable characters, without \"..\" in it",
            );
            continue;
        };
        if !names.insert(name.clone()) {
            add(
                format!("{shown} would be listed as {name}, as another one is"),
                "change into their folder, and name them by relative paths",
            );
            continue;
        }
        match looked_at(file, args.checksums) {
            Ok(Some((bytes, checksum))) => files.push(wire::File {
                path: name,
                bytes,
                checksum,
            }),
            Ok(None) => add(
                format!("{shown} is no file"),
                "name the files in it, for example with find -type f",
            ),
            Err(error) => add(
                format!("{shown} cannot be read: {error}"),
                "check the path and its permissions",
            ),
        }
    }
    match problems.is_empty() {
        true => Ok(files),
        false => Err(Failure::of(Exit::Local, problems)),
    }
}

/// What a file is called in the project.
fn name_of(file: &Path) -> Option<String> {
    let kept = match file.is_absolute() {
        true => PathBuf::from(file.file_name()?),
        false => file.to_owned(),
    };
    let mut name = String::new();
    for piece in kept.components() {
        match piece {
            Component::CurDir => {}
            Component::Normal(piece) => {
                if !name.is_empty() {
                    name.push('/');
                }
                name.push_str(piece.to_str()?);
            }
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => return None,
        }
    }
    (!name.is_empty()).then_some(name)
}

/// Size and checksum; nothing of what is no file.
fn looked_at(file: &Path, checksums: bool) -> std::io::Result<Option<(u64, Option<String>)>> {
    let about = fs::metadata(file)?;
    if !about.is_file() {
        return Ok(None);
    }
    if !checksums {
        return Ok(Some((about.len(), None)));
    }
    let mut open = fs::File::open(file)?;
    let mut digest = Sha256::new();
    let mut room = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let n = open.read(&mut room)?;
        let Some(read) = room.get(..n).filter(|read| !read.is_empty()) else {
            break;
        };
        digest.update(read);
        bytes += n as u64;
    }
    let checksum = format!("sha256:{}", HEXLOWER.encode(&digest.finalize()));
    Ok(Some((bytes, Some(checksum))))
}
