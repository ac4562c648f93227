//! Who used how much processor time, read from `/proc`.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks per second in `/proc`; Linux has shown 100 to programs on every architecture for decades.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process, with all it started, that serves one rival.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The rival's key.
    pub rival: String,
    /// Such as `server` or `service`.
    pub part: String,
    pub pid: u32,
}

impl std::str::FromStr for Watched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem =
            || format!("write \"{text}\" as rival.part=PID, such as postgres.server=4711");
        let (name, pid) = text.split_once('=').ok_or_else(problem)?;
        let (rival, part) = name.split_once('.').ok_or_else(problem)?;
        let pid = pid.parse().map_err(|_| problem())?;
        Ok(Self {
            rival: rival.to_owned(),
            part: part.to_owned(),
            pid,
        })
    }
}

/// Processor seconds used so far.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// In the order of the watched processes.
    watched: Vec<f64>,
    generator: f64,
    /// All processes of the machine.
    machine: f64,
}

/// Cores used on average between two samples.
#[derive(Clone, Debug)]
pub struct Cores {
    pub parts: Vec<(String, f64)>,
    pub generator: f64,
    /// Everything else on the machine: idle rivals, other programs, the kernel's own work.
    pub others: f64,
}

struct Process {
    parent: u32,
    seconds: f64,
}

/// The fields of `/proc/PID/stat` after the command's name, which may itself hold blanks and brackets.
fn parse(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    // utime, stime, cutime and cstime: a child that ended moves into its parent's last two.
    let ticks: f64 = fields
        .get(11..15)?
        .iter()
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        seconds: ticks / TICKS_PER_SECOND,
    })
}

fn processes() -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        Some((
            pid,
            parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?,
        ))
    })
    .collect()
}

fn tree(all: &BTreeMap<u32, Process>, root: u32) -> f64 {
    let own = all.get(&root).map_or(0.0, |process| process.seconds);
    let children = all.iter().filter(|(_, process)| process.parent == root);
    own + children.map(|(pid, _)| tree(all, *pid)).sum::<f64>()
}

fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split(' ')
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system; then idle and iowait, which are not work; then interrupts.
    let busy = fields.iter().take(3).sum::<f64>() + fields.iter().skip(5).take(2).sum::<f64>();
    busy / TICKS_PER_SECOND
}

impl Sample {
    pub fn take(watched: &[Watched]) -> Self {
        let all = processes();
        Self {
            watched: watched.iter().map(|one| tree(&all, one.pid)).collect(),
            generator: all
                .get(&std::process::id())
                .map_or(0.0, |process| process.seconds),
            machine: machine(),
        }
    }

    /// What `rival` used from `earlier` to `self`.
    pub fn since(&self, earlier: &Self, seconds: f64, watched: &[Watched], rival: &str) -> Cores {
        let used = self
            .watched
            .iter()
            .zip(&earlier.watched)
            .map(|(now, then)| (now - then) / seconds);
        let parts: Vec<(String, f64)> = watched
            .iter()
            .zip(used)
            .filter(|(one, _)| one.rival == rival)
            .map(|(one, cores)| (one.part.clone(), cores))
            .collect();
        let generator = (self.generator - earlier.generator) / seconds;
        let machine = (self.machine - earlier.machine) / seconds;
        let others =
            (machine - generator - parts.iter().map(|(_, cores)| cores).sum::<f64>()).max(0.0);
        Cores {
            parts,
            generator,
            others,
        }
    }
}
