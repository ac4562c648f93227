# The sentences of all letters, in English. The other languages have the same names; a site may replace any of them
# (docs/configuration.md, "Letters").
#
# A letter NAME has NAME-subject, NAME-title (of its HTML part) and NAME-lead; what follows is in src/mail/letters.rs.

## What several letters use

items = What ({ $count ->
        [one] 1 item{ $sized ->
            [yes] , { $size }
           *[no] {""}
        }
       *[other] { $count } items{ $sized ->
            [yes] , { $size } in all
           *[no] {""}
        }
    }):
item = { $kind ->
        [run] run
       *[project] project
    } “{ $name }” ({ $holds ->
        [records] { records }
        [both] { records }; { $size }, { files }
        [nothing] no files of its own
       *[files] { $size }, { files }
    })
records = { $biosamples ->
        [one] 1 biosample
       *[other] { $biosamples } biosamples
    }, { $libraries ->
        [one] 1 library
       *[other] { $libraries } libraries
    }
files = { $files ->
        [one] 1 file
       *[other] { $files } files
    }
more = and { $more } more
named-first = "{ $first }"{ $count ->
        [one] {""}
       *[other] {" "}and { $others } more
    }
named-first-to = { named-first }
receiver = { $recipient-kind ->
        [workgroup] workgroup { $recipient }
       *[address] { $recipient }
    }
receiver-first = { $recipient-kind ->
        [workgroup] Workgroup { $recipient }
       *[address] { $recipient }
    }
to-workgroup = { $recipient-kind ->
        [workgroup] {" "}to workgroup { $recipient }
       *[address] {""}
    }
you = { $recipient-kind ->
        [workgroup] workgroup { $recipient }
       *[address] you
    }
sender-side = { $source-kind ->
        [workgroup] workgroup “{ $source }”
       *[personal] the sender’s own space
    }
own-side = { $source-kind ->
        [workgroup] workgroup “{ $source }”
       *[personal] your own space
    }
own-side-first = { $source-kind ->
        [workgroup] Workgroup “{ $source }”
       *[personal] Your own space
    }
told-before = { $again ->
        [yes] {" "}You were told of this before; it still stands.
       *[no] {""}
    }
made-anew = { $replaced ->
        [yes] {" "}It was made anew to another address.
       *[no] {""}
    }
keeps-until = { $keeps ->
        [until] {" "}until { $keeps-until }
       *[read] {""}
    }
may = { $level ->
        [write] read the data, add to them and change them
       *[read] read the data
    }
access-until = { $access ->
        [until] until { $access-until }
       *[open] until it is revoked
    }
role-name = { $role ->
        [owner] owner
        [administrator] administrator
       *[member] member
    }
own-or-join = { $hands-over ->
        [yes] own
       *[no] join
    }
not-you = If this was not you, tell whoever runs { $site } at once.
what-now = What now:
when-accepted = What happens when it is accepted:

fact-from = From
fact-from-value = { $sender }, verified address { $sender-address }
fact-out-of = Out of
fact-of = Belongs to
fact-to = To
fact-with = With
fact-workgroup = Workgroup
fact-as = As
fact-as-value = { $hands-over ->
        [yes] its owner
       *[no] { role-name }
    }
fact-open-until = Open until

message = { $sender } writes (these are not the words of { $site }):
links-broken = Addresses in these words are broken up by brackets, so that no mail program makes links of them. { $site } shows them as they were written.
reason-told = The sender was told this reason:
reason-given = The reason given (these are not the words of { $site }):
reason-none = No reason was given.
renamed = These names were taken in “{ $into }”, so the items got others:
renamed-item = “{ $before }” is now “{ $now }”

## How to answer

answer-by-mail = To answer, reply to this letter from { $to }. The first line of the reply decides:
answer-buttons = To answer, press a button and send the mail that opens, from { $to }:
accept-into = Accept into { $context }
accept-plainly = Accept
decline = Decline
example-reason = these are not ours
example-default = (into “{ $context }”)
answer-or-open = Or open this link and sign in with { $to }:
answer-open = To answer, open this link and sign in with { $to }:
open = Open in { $site }
open-note = The link changes nothing by itself. You also find this on your home page after signing in at { $home }. Unanswered, it expires, and nothing changes.

## The foot

foot-reply = { $site } sent this letter to { $to }. Sign in at { $home }
foot-no-reply = { $site } sent this letter to { $to }. A reply to it has no effect; sign in instead: { $home }
foot-code = { $site } sent this letter to { $to }. A reply to it has no effect.

## Transfers

transfer-offer-subject = { $sender-short } offers { you } { named-first }
transfer-offer-title = { $sender } offers { you } sequencing data
transfer-offer-lead = { $sender } ({ $sender-address }) offers { you } the ownership of sequencing data on { $site }.{ told-before }
transfer-effect-owner = { $recipient-kind ->
        [workgroup] Workgroup { $recipient } owns the data
       *[address] Whatever context you choose, your own space or one of your workgroups, owns the data
    }, and they count towards its storage.
transfer-effect-reads = No run is part of this offer. Base calls lie with runs: those of its projects, if there are any, stay where they are.
transfer-effect-sender = { $keeps ->
        [none] The sender’s side loses control and sight of the data.
       *[read] The sender’s side keeps read access{ keeps-until }.
    }
transfer-effect-shares = Whoever it is shared with keeps that access; the page behind the link says whether there is anybody.
transfer-effect-final = It cannot be undone.
transfer-reminder-subject = Reminder: { $sender-short } offers { you } { named-first }
transfer-reminder-title = An offer still waits for { $recipient-kind ->
        [workgroup] workgroup { $recipient }
       *[address] your answer
    }
transfer-reminder-lead = { $sender } ({ $sender-address }) made the offer. It ends by itself on { $expires }.
transfer-accepted-sender-subject = Accepted: { named-first }
transfer-accepted-sender-title = Your offer was accepted
transfer-accepted-sender-lead = { receiver-first } accepted your offer into “{ $into }” on { $at }.
transfer-accepted-sender-after = { own-side-first } no longer owns the data, and they no longer count towards its storage. { $keeps ->
        [none] It no longer sees them.
       *[read] It keeps read access{ keeps-until }, as was agreed.
    } The transfer stays in your history.
transfer-accepted-recipient-subject = Receipt: { named-first } accepted into "{ $into-short }"
transfer-accepted-recipient-title = “{ $into }” owns the data now
transfer-accepted-recipient-lead = The offer from { $sender } ({ $sender-address }) was accepted on { $at }. “{ $into }” owns the data now.
transfer-now-find = Find the data in “{ $into }”: { $receipt }
transfer-now-storage = They count towards its storage. The files are where they were; { $sender-address } can tell you how to get them.
transfer-now-sender = { $keeps ->
        [none] The sender’s side no longer sees them.
       *[read] The sender’s side keeps read access{ keeps-until }.
    }
transfer-now-shares = Whoever it is shared with kept that access; the receipt says whether there is anybody, and you may end it.
transfer-declined-sender-subject = Declined: { named-first }
transfer-declined-sender-title = Your offer was declined
transfer-declined-sender-lead = { receiver-first } declined your offer on { $at }.
transfer-declined-sender-after = Nothing changed: { own-side } owns the data, and you can offer them anew.
transfer-declined-recipient-subject = Receipt: offer of { named-first } declined
transfer-declined-recipient-title = The offer was declined
transfer-declined-recipient-lead = The offer from { $sender } ({ $sender-address }){ to-workgroup } was declined on { $at }.
transfer-declined-recipient-after = Nothing of it is yours. If you want the data after all, or if this was not you, ask { $sender-address } to offer them again.
transfer-cancelled-subject = Cancelled: offer of { named-first }
transfer-cancelled-title = The offer was cancelled
transfer-cancelled-lead = { $sender } ({ $sender-address }) took back the offer{ to-workgroup } on { $at }.{ made-anew }
transfer-cancelled-after = You need not do anything; it can no longer be accepted. Ask { $sender-address } if you expected it.
transfer-expired-sender-subject = Expired: your offer of { named-first }
transfer-expired-sender-title = Your offer expired
transfer-expired-sender-lead = Your offer to { receiver } expired on { $at }: nobody answered it.
transfer-expired-sender-after = Nothing changed: { own-side } owns the data. Check the address with the recipient, then offer them anew.
transfer-expired-recipient-subject = Expired: offer of { named-first }
transfer-expired-recipient-title = The offer expired
transfer-expired-recipient-lead = The offer from { $sender } ({ $sender-address }){ to-workgroup } expired on { $at }.
transfer-expired-recipient-after = It can no longer be accepted. If you want the data, ask { $sender-address } to offer them again.

## Sharing

share-offer-subject = { $sender-short } shares { named-first } with { you }
share-offer-title = { $sender } shares sequencing data with { you }
share-offer-lead = { $sender } ({ $sender-address }) shares sequencing data with { you } on { $site }, to { $level ->
        [write] read and to write
       *[read] read
    }.{ told-before }
share-effect-may = { $recipient-kind ->
        [workgroup] Every member of workgroup { $recipient } may
       *[address] You, or every member of the workgroup that you choose, may
    } { may }.{ $projects ->
        [yes] {" "}Runs that the data of a project came from can be read too, if their owner is the same.
       *[no] {""}
    }
share-effect-until = The access stands { access-until }; you can give it up at any time.
share-effect-storage = { $site } shows what the data hold, with the names and sizes of the files; { $sender-address } can tell you how to get the files themselves. They belong to the sender’s side and do not count towards your storage.
share-reminder-subject = Reminder: { $sender-short } shares { named-first } with { you }
share-reminder-title = Shared data still wait for { $recipient-kind ->
        [workgroup] workgroup { $recipient }
       *[address] your answer
    }
share-reminder-lead = { $sender } ({ $sender-address }) shares sequencing data with { you }. The invitation ends by itself on { $expires }.
share-accepted-sender-subject = Now shared: { named-first }
share-accepted-sender-title = What you shared was accepted
share-accepted-sender-lead = { receiver-first } accepted your invitation into “{ $into }” on { $at }: { $into-kind ->
        [workgroup] everybody there may
       *[personal] they may
    } { may } { access-until }.
share-accepted-sender-after = The data stay with { own-side }. Change or revoke the access at any time where you see the collaborators of each item: { $receipt }
share-accepted-recipient-subject = Receipt: { named-first } shared with "{ $into-short }"
share-accepted-recipient-title = Shared with “{ $into }” now
share-accepted-recipient-lead = The invitation from { $sender } ({ $sender-address }) was accepted on { $at }.
share-now-find = Find the data among what is shared with “{ $into }”: { $receipt }
share-now-may = { $into-kind ->
        [workgroup] Everybody there may
       *[personal] You may
    } { may } { access-until }.
share-now-storage = They do not count towards your storage. The files stay where they are; { $sender-address } can tell you how to get them.
share-declined-sender-subject = Declined: your invitation to { named-first-to }
share-declined-sender-title = Your invitation was declined
share-declined-sender-lead = { receiver-first } declined your invitation on { $at }.
share-declined-sender-after = Nothing changed: the data are not shared with { receiver }. You can invite them anew.
share-declined-recipient-subject = Receipt: invitation to { named-first-to } declined
share-declined-recipient-title = The invitation was declined
share-declined-recipient-lead = The invitation from { $sender } ({ $sender-address }){ to-workgroup } was declined on { $at }.
share-declined-recipient-after = Nothing of it is shared with you. If you want to see the data after all, or if this was not you, ask { $sender-address } to invite you again.
share-cancelled-subject = Cancelled: invitation to { named-first-to }
share-cancelled-title = The invitation was cancelled
share-cancelled-lead = The invitation of { $sender } ({ $sender-address }){ to-workgroup } ended on { $at }: it was taken back, or the data have another owner.{ made-anew }
share-cancelled-after = You need not do anything; it can no longer be accepted. Ask { $sender-address } if you expected it.
share-expired-sender-subject = Expired: your invitation to { named-first-to }
share-expired-sender-title = Your invitation expired
share-expired-sender-lead = Your invitation to { receiver } expired on { $at }: nobody answered it.
share-expired-sender-after = Nothing changed: the data are not shared with { receiver }. Check the address with them, then invite them anew.
share-expired-recipient-subject = Expired: invitation to { named-first-to }
share-expired-recipient-title = The invitation expired
share-expired-recipient-lead = The invitation from { $sender } ({ $sender-address }){ to-workgroup } expired on { $at }.
share-expired-recipient-after = It can no longer be accepted. If you want to see the data, ask { $sender-address } to invite you again.

## Workgroups: invitations to join one, and to own one

workgroup-offer-subject = { $sender-short } { $hands-over ->
        [yes] asks you to own workgroup "{ $source-short }"
       *[no] invites you to workgroup "{ $source-short }"
    }
workgroup-offer-title = { $sender } { $hands-over ->
        [yes] asks you to become the owner of workgroup “{ $source }”
       *[no] invites you to join workgroup “{ $source }” as { role-name }
    }
workgroup-offer-lead = { $sender } ({ $sender-address }) { $hands-over ->
        [yes] asks you to become the owner of workgroup “{ $source }”
       *[no] invites you to join workgroup “{ $source }” as { role-name }
    } on { $site }.{ told-before }
workgroup-effect-role = { $hands-over ->
        [yes] You become the owner of the workgroup: you may also hand it to another administrator, and nobody can remove you.
       *[no] You belong to the workgroup as { role-name }, and may do everything with its data.
    }
workgroup-effect-others = { $hands-over ->
        [yes] Whoever owns it now stays in it as administrator.
       *[no] What is yours stays yours; nothing of it goes to the workgroup.
    }
workgroup-effect-data = { $hands-over ->
        [yes] The data of the workgroup stay with it.
       *[no] You may leave at any time, and then lose access to its data.
    }
workgroup-reminder-subject = Reminder: { workgroup-offer-subject }
workgroup-reminder-title = An invitation still waits for your answer
workgroup-reminder-lead = { workgroup-offer-title }. The invitation comes from { $sender-address } and ends by itself on { $expires }.
workgroup-accepted-sender-subject = { $hands-over ->
        [yes] { $recipient } owns workgroup "{ $source-short }" now
       *[no] { $recipient } joined workgroup "{ $source-short }"
    }
workgroup-accepted-sender-title = Your invitation was accepted
workgroup-accepted-sender-lead = { $recipient } accepted the invitation to { own-or-join } workgroup “{ $source }” on { $at }.
workgroup-accepted-sender-after = { $hands-over ->
        [yes] They are its owner now, and you are one of its administrators.
       *[no] They belong to it as { role-name } now, and may do everything with its data.
    }
workgroup-accepted-recipient-subject = { $hands-over ->
        [yes] Receipt: you own workgroup "{ $source-short }" now
       *[no] Receipt: you belong to workgroup "{ $source-short }" now
    }
workgroup-accepted-recipient-title = { $hands-over ->
        [yes] You own “{ $source }” now
       *[no] You belong to “{ $source }” now
    }
workgroup-accepted-recipient-lead = The invitation from { $sender } ({ $sender-address }) was accepted on { $at }.
workgroup-now-role = { $hands-over ->
        [yes] Whoever owned it before is one of its administrators now.
       *[no] You may do everything with the data of the workgroup, as { role-name }.
    }
workgroup-now-find = Find it among your contexts: { $home }
workgroup-declined-sender-subject = Declined: your invitation to workgroup "{ $source-short }"
workgroup-declined-sender-title = Your invitation was declined
workgroup-declined-sender-lead = { $recipient } declined the invitation to { own-or-join } workgroup “{ $source }” on { $at }.
workgroup-declined-sender-after = Nothing changed. You can invite them anew.
workgroup-declined-recipient-subject = Receipt: invitation to workgroup "{ $source-short }" declined
workgroup-declined-recipient-title = The invitation was declined
workgroup-declined-recipient-lead = The invitation from { $sender } ({ $sender-address }) to { own-or-join } workgroup “{ $source }” was declined on { $at }.
workgroup-declined-recipient-after = Nothing changed. If you want it after all, or if this was not you, ask { $sender-address } to invite you again.
workgroup-cancelled-subject = Cancelled: invitation to workgroup "{ $source-short }"
workgroup-cancelled-title = The invitation was cancelled
workgroup-cancelled-lead = { $sender } ({ $sender-address }) took back the invitation to { own-or-join } workgroup “{ $source }” on { $at }.{ made-anew }
workgroup-cancelled-after = You need not do anything; it can no longer be accepted. Ask { $sender-address } if you expected it.
workgroup-expired-sender-subject = Expired: your invitation to workgroup "{ $source-short }"
workgroup-expired-sender-title = Your invitation expired
workgroup-expired-sender-lead = Your invitation for { $recipient } to { own-or-join } workgroup “{ $source }” expired on { $at }: nobody answered it.
workgroup-expired-sender-after = Nothing changed. Check the address with them, then invite them anew.
workgroup-expired-recipient-subject = Expired: invitation to workgroup "{ $source-short }"
workgroup-expired-recipient-title = The invitation expired
workgroup-expired-recipient-lead = The invitation from { $sender } ({ $sender-address }) to { own-or-join } workgroup “{ $source }” expired on { $at }.
workgroup-expired-recipient-after = It can no longer be accepted. If you want it, ask { $sender-address } to invite you again.

## Answers to a reply

about = { $terms ->
        [transfer] the offer of { named-first }
        [share] the invitation to { named-first-to }
       *[workgroup] the invitation to workgroup "{ $source-short }"
    }
answer-confirm-subject = Please confirm: { about }
answer-confirm-title = Please confirm your answer in { $site }
answer-confirm-lead = A reply to { about } came in, and nothing was done: it is not certain that it is yours. If it is, open the link below and answer there.
answer-confirm-after = If you wrote no reply, you need not do anything. Everything stands as it stood.
answer-not-understood-subject = Not understood: your reply about { about }
answer-not-understood-title = Your reply was not understood
answer-not-understood-lead = Your reply to { about } decided nothing, because its first line is not one of those below.
answer-which-context-subject = Into which context? { about }
answer-which-context-title = Into which context?
answer-which-context-lead = Your reply to { about } decided nothing, because it does not name exactly one context that you may accept into now. These are the names:
answer-replies-off-subject = Please answer in { $site }: { about }
answer-replies-off-title = Please answer in { $site }
answer-replies-off-lead = Your reply to { about } decided nothing: it cannot be answered by mail. Open the link below and answer there.
answer-refused-subject = Not possible: your answer to { about }
answer-refused-title = Your answer could not be carried out
answer-refused-lead = Your reply to { about } was understood, and nothing changed, because:
answer-ended-subject = Already ended: { about }
answer-ended-title = It was already answered or had ended
answer-ended-lead = Your reply to { about } changed nothing: { $state ->
        [accepted] it was already accepted into “{ $into }” on { $at }.
        [declined] it was already declined on { $at }.
        [cancelled] it was cancelled on { $at }.
        [expired] it expired on { $at }.
       *[other] it no longer takes that answer.
    }
answer-ended-after = If you still want something of it, ask { $sender-address }.

## What a sender is told about a letter that did not arrive

undeliverable-subject = Could not be delivered: { about }
undeliverable-title = A letter could not be delivered
undeliverable-lead = The letter to { $address } about { about } could not be delivered: { $why }.
undeliverable-after = It still stands, and whoever it is for finds it after signing in. Check the address with them; you can correct it, or tell them another way.

## Workgroups: what happens in them

joined-subject = { $who-short } joined workgroup "{ $workgroup-short }"
joined-title = Somebody joined “{ $workgroup }”
joined-lead = { $who } ({ $address }) joined workgroup “{ $workgroup }” as { role-name } on { $at }, and may do everything with its data.
joined-after = As one of its administrators you can change their role or remove them at any time.
role-changed-subject = You are { role-name } of workgroup "{ $workgroup-short }" now
role-changed-title = Your role in “{ $workgroup }” changed
role-changed-lead = { $by } changed your role in workgroup “{ $workgroup }” on { $at }: you are { role-name } now.
role-changed-after = { $role ->
        [administrator] You may invite, promote and remove its members, and answer offers to it.
        [owner] You may do everything its administrators may, and hand it to one of them.
       *[member] You may do everything with its data as before; its administrators invite, promote and remove members.
    }
removed-subject = You no longer belong to workgroup "{ $workgroup-short }"
removed-title = You no longer belong to “{ $workgroup }”
removed-lead = { $by } removed you from workgroup “{ $workgroup }” on { $at }.
removed-after = You no longer see its data. What you accepted into your own space stays yours. Ask its administrators if you think that this is a mistake.
closed-subject = Workgroup "{ $workgroup-short }" was closed
closed-title = “{ $workgroup }” was closed
closed-lead = { $by } closed workgroup “{ $workgroup }” on { $at }. It owned nothing any more.
closed-after = You no longer belong to it. What is yours stays yours.
link-accepted-subject = Link used: { $who-short } accepted "{ $item-short }"
link-accepted-title = Somebody accepted a link of yours
link-accepted-lead = { $who } ({ $address }) accepted the link to { $kind ->
        [run] run
       *[project] project
    } “{ $item }” into “{ $into }” on { $at }. “{ $into }” may { may } now.
link-accepted-after = You see them among the collaborators, where you can change or revoke the access. Deactivate the link if nobody else should use it.

## Moving everything of a context

move-proposed-subject = To approve: moving everything of "{ $from-short }"
move-proposed-title = A move waits for a second administrator
move-proposed-lead = { $by } proposes to move everything of “{ $from }” to “{ $into }”.
move-proposed-reason = The reason given (these are not the words of { $site }):
move-proposed-after = Nothing moves before a second administrator approves it. Look at it, approve it or cancel it after signing in at { $home }.
move-approved-subject = Everything of "{ $from-short }" moves to "{ $into-short }"
move-approved-title = Everything of “{ $from }” moves
move-approved-lead = { $by } approved on { $at } that everything of “{ $from }” moves to “{ $into }”. It was proposed by { $proposer }.
move-approved-after = Shares and links stay as they are. If you have questions, ask the two who decided it.

## Access that was taken back

access-revoked-subject = Access ended: { $count ->
        [one] "{ $item-short }"
       *[other] "{ $item-short }" and { $others } more
    }
access-revoked-title = Access ended
access-revoked-lead = This access was taken back:
access-revoked-item = { $owner } took back the access of “{ $whose }” to { $kind ->
        [run] run
       *[project] project
    } “{ $item }” on { $at }.
access-revoked-after = Whatever else you have access to stays as it is. If you still need this, ask the owner to share it again.

## Codes

sign-in-code-subject = Your code to sign in to { $site }
sign-in-code-title = Your code to sign in to { $site }
sign-in-code-lead = Type this code where you asked for it:
sign-in-code-good = It is good until { $expires }, once. Give it to nobody: whoever has it can sign in as you.
sign-in-code-after = If you did not ask for it, do nothing; nobody gets in without it.
address-code-subject = Your code to add this address at { $site }
address-code-title = Your code to add this address
address-code-lead = Somebody who is signed in to { $site } wants to add this address to their account. If that is you, type this code where you were asked for it:
address-code-good = It is good until { $expires }, once. Give it to nobody.
address-code-after = If you did not ask for it, do nothing; the address is not added without it.
