//! Who looks: at items, and into workgroups that they may have left. They see what the documents give them a reason for, and no more.

use handover::actors::rights;
use handover::actors::world::{Trouble, World as _};
use handover::domain::id::{AccountId, ItemId};
use handover::domain::rights::Level;

use super::{accounts, every_context, some_grant};
use crate::broken::Broken;
use crate::cluster::Cluster;
use crate::node::Node;
use crate::universe::locked;

/// Somebody looks at an item: they see what the documents give them a reason for, and no more.
pub async fn peep(cluster: &Cluster, node: &Node) -> Result<(), Trouble> {
    let universe = &cluster.universe;
    let settings = node.settings();
    let now = node.now();
    let (person, item, commits, should) = {
        let checker = locked(&cluster.checker);
        let people = accounts(&checker.shadow);
        let items: Vec<ItemId> = checker.shadow.items().map(|item| item.id).collect();
        let granted = some_grant(cluster, &checker.shadow).map(|(item, _)| item);
        let granted = granted.filter(|_| universe.percent(60));
        let item = granted.or_else(|| universe.pick(&items).copied());
        // Whoever left a workgroup looks at what it has.
        let left = universe.pick(&checker.departed).copied();
        let left = left
            .filter(|_| universe.percent(30))
            .and_then(|(who, context)| {
                let its = checker.shadow.items().filter(|item| item.owner == context);
                let its: Vec<ItemId> = its.map(|item| item.id).collect();
                Some((who, *universe.pick(&its)?))
            });
        // And whoever had a reason that is gone looks again.
        let others: Vec<(AccountId, ItemId)> = checker
            .looked
            .iter()
            .filter(|((who, what), level)| checker.level(*who, *what, now) != **level)
            .map(|(pair, _)| *pair)
            .collect();
        let again = universe.pick(&others).copied();
        let again = again.filter(|_| universe.percent(30));
        let some = || Some((*universe.pick(&people)?, item?));
        let Some((person, item)) = again.or(left).or_else(some) else {
            return Ok(());
        };
        let should = checker.level(person, item, now);
        (person, item, checker.commits(), should)
    };
    let permit = rights::if_any(&settings, person, item, now).await?;
    let mut level = permit.map(|permit| permit.level());
    if universe.broken == Broken::RightsRemembered {
        level = *locked(&cluster.remembered)
            .entry((person, item))
            .or_insert(level);
    }
    let mut checker = locked(&cluster.checker);
    // Between two reads others may have changed what this rests on; then both answers are right.
    if checker.commits() == commits && level != should {
        universe.fail(format!(
            "{person} sees {item} as {level:?}, and the documents say {should:?}"
        ));
    }
    checker.looked.insert((person, item), level);
    checker.saw(match level {
        None => "unseen",
        Some(Level::Read) => "seen by reading access",
        Some(Level::Write) => "seen by writing access",
        Some(Level::Own) => "seen by owners",
    });
    Ok(())
}

/// Somebody acts as a context: often one that they left.
pub async fn knock(cluster: &Cluster, node: &Node) -> Result<(), Trouble> {
    let universe = &cluster.universe;
    let settings = node.settings();
    let (person, context, commits, should) = {
        let checker = locked(&cluster.checker);
        let people = accounts(&checker.shadow);
        let left = universe.pick(&checker.departed).copied();
        let some = || {
            let contexts = every_context(&checker.shadow);
            Some((*universe.pick(&people)?, *universe.pick(&contexts)?))
        };
        let left = left.filter(|_| universe.percent(60));
        let Some((person, context)) = left.or_else(some) else {
            return Ok(());
        };
        let should = checker.acts(person, context);
        (person, context, checker.commits(), should)
    };
    let may = match rights::acting(&settings, person, context).await {
        Ok(_) => true,
        Err(Trouble::Refused(_)) => false,
        Err(fault) => return Err(fault),
    };
    let mut checker = locked(&cluster.checker);
    if checker.commits() == commits && may != should {
        universe.fail(format!(
            "{person} acts as {context}: {may}, and the documents say {should}"
        ));
    }
    checker.saw(if may { "let in" } else { "not let in" });
    Ok(())
}
