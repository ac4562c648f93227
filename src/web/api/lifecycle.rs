//! Trash and archive of runs and projects, and their end.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actors::lifecycle;
use crate::actors::rights;
use crate::actors::world::Trouble;
use crate::domain::id::{ItemId, ItemKind};
use crate::domain::lifecycle::Act;
use crate::web::App;
use crate::web::auth::{Signed, Write};
use crate::web::problem::Failure;
use crate::web::take::{Named, Taken};
use crate::wire;

use super::{Nothing, show};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(trash_run))
        .routes(routes!(restore_run))
        .routes(routes!(archive_run))
        .routes(routes!(unarchive_run))
        .routes(routes!(purge_run))
        .routes(routes!(trash_project))
        .routes(routes!(restore_project))
        .routes(routes!(archive_project))
        .routes(routes!(unarchive_project))
        .routes(routes!(purge_project))
}

async fn carry_out(
    app: &App,
    signed: &Signed<Write>,
    id: ItemId,
    kind: ItemKind,
    taken: &Taken<Nothing>,
    act: Act,
) -> Result<Json<wire::Item>, Failure> {
    let settings = app.settings();
    if id.kind() != kind {
        return Err(Trouble::from(rights::no_such_item(&settings, id)).into());
    }
    let person = signed.account();
    let call = app.directory().call(signed.by(), taken.once(person));
    let done = lifecycle::carry_out(app.directory(), person, call, id, act).await?;
    Ok(Json(show::item(
        lifecycle::item_of(&settings, &done).await?,
    )))
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $kind:ident $act:ident $path:tt $operation:tt $parameter:tt $id:tt;)*) => {
        $(
            $(#[$doc])*
            #[utoipa::path(post, path = $path, operation_id = $operation, tag = "Runs and projects",
                params(($parameter = String, Path, description = $id)),
                responses((status = 200, description = "As it is now", body = wire::Item)))]
            async fn $name(
                State(app): State<App>,
                signed: Signed<Write>,
                Named(id): Named<ItemId>,
                taken: Taken<Nothing>,
            ) -> Result<Json<wire::Item>, Failure> {
                carry_out(&app, &signed, id, ItemKind::$kind, &taken, Act::$act).await
            }
        )*
    };
}

acts! {
    /// Put a run into the trash.
    ///
    /// It counts towards storage until it is purged; whoever it was shared with sees it no more until it is restored.
    trash_run: Run Trash "/runs/{run}/trash" "trashRun" "run" "`run_…`";
    /// Restore a run from the trash.
    ///
    /// A purge that was ordered does not come.
    restore_run: Run Restore "/runs/{run}/restore" "restoreRun" "run" "`run_…`";
    /// Archive a run.
    ///
    /// Only one that is not shared.
    archive_run: Run Archive "/runs/{run}/archive" "archiveRun" "run" "`run_…`";
    /// Restore a run from the archive.
    unarchive_run: Run Unarchive "/runs/{run}/unarchive" "unarchiveRun" "run" "`run_…`";
    /// Purge a run that is in the trash.
    ///
    /// It is gone for good at `purge_at`, unless it is restored before. Its journal stays.
    purge_run: Run Purge "/runs/{run}/purge" "purgeRun" "run" "`run_…`";
    /// Put a project into the trash.
    ///
    /// It counts towards storage until it is purged; whoever it was shared with sees it no more until it is restored.
    trash_project: Project Trash "/projects/{project}/trash" "trashProject" "project" "`prj_…`";
    /// Restore a project from the trash.
    ///
    /// A purge that was ordered does not come.
    restore_project: Project Restore "/projects/{project}/restore" "restoreProject" "project" "`prj_…`";
    /// Archive a project.
    ///
    /// Only one that is not shared.
    archive_project: Project Archive "/projects/{project}/archive" "archiveProject" "project" "`prj_…`";
    /// Restore a project from the archive.
    unarchive_project: Project Unarchive "/projects/{project}/unarchive" "unarchiveProject" "project" "`prj_…`";
    /// Purge a project that is in the trash.
    ///
    /// It is gone for good at `purge_at`, unless it is restored before. Its journal stays.
    purge_project: Project Purge "/projects/{project}/purge" "purgeProject" "project" "`prj_…`";
}
