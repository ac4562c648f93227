# Die Sätze aller Briefe auf Deutsch; dieselben Namen wie in en.ftl.

## Was mehrere Briefe sagen

items = Es geht um { $count ->
        [one] 1 Objekt{ $sized ->
            [yes] , { $size }:
           *[no] :
        }
       *[other] { $count } Objekte{ $sized ->
            [yes] , zusammen { $size }:
           *[no] :
        }
    }
item = { $kind ->
        [run] Lauf
       *[project] Projekt
    } „{ $name }“ ({ $holds ->
        [records] { records }
        [both] { records }; { $size }, { files }
        [nothing] ohne eigene Dateien
       *[files] { $size }, { files }
    })
records = { $biosamples ->
        [one] 1 Bioprobe
       *[other] { $biosamples } Bioproben
    }, { $libraries ->
        [one] 1 Bibliothek
       *[other] { $libraries } Bibliotheken
    }
files = { $files ->
        [one] 1 Datei
       *[other] { $files } Dateien
    }
more = und { $more ->
        [one] 1 weiteres
       *[other] { $more } weitere
    }
named-first = „{ $first }“{ $count ->
        [one] {""}
        [2] {" "}und ein weiteres Objekt
       *[other] {" "}und { $others } weitere Objekte
    }
named-first-to = „{ $first }“{ $count ->
        [one] {""}
        [2] {" "}und einem weiteren Objekt
       *[other] {" "}und { $others } weiteren Objekten
    }
receiver = { $recipient-kind ->
        [workgroup] die Arbeitsgruppe { $recipient }
       *[address] { $recipient }
    }
receiver-first = { $recipient-kind ->
        [workgroup] Die Arbeitsgruppe { $recipient }
       *[address] { $recipient }
    }
to-workgroup = { $recipient-kind ->
        [workgroup] {" "}an die Arbeitsgruppe { $recipient }
       *[address] {""}
    }
you = { $recipient-kind ->
        [workgroup] der Arbeitsgruppe { $recipient }
       *[address] Ihnen
    }
sender-side = { $source-kind ->
        [workgroup] Arbeitsgruppe „{ $source }“
       *[personal] eigener Bereich des Absenders
    }
own-side = { $source-kind ->
        [workgroup] der Arbeitsgruppe „{ $source }“
       *[personal] Ihrem eigenen Bereich
    }
own-side-first = { $source-kind ->
        [workgroup] Der Arbeitsgruppe „{ $source }“
       *[personal] Ihrem eigenen Bereich
    }
told-before = { $again ->
        [yes] {" "}Sie wurden davon schon benachrichtigt; es gilt weiterhin.
       *[no] {""}
    }
made-anew = { $replaced ->
        [yes] {" "}Stattdessen ging dasselbe an eine andere Adresse.
       *[no] {""}
    }
keeps-until = { $keeps ->
        [until] {" "}bis zum { $keeps-until }
       *[read] {""}
    }
may = { $level ->
        [write] die Daten lesen, ergänzen und ändern
       *[read] die Daten lesen
    }
access-until = { $access ->
        [until] bis zum { $access-until }
       *[open] bis auf Widerruf
    }
role-name = { $role ->
        [owner] Eigentümer
        [administrator] Administrator
       *[member] Mitglied
    }
own-or-join = { $hands-over ->
        [yes] die Arbeitsgruppe „{ $source }“ zu übernehmen,
       *[no] der Arbeitsgruppe „{ $source }“ beizutreten,
    }
not-you = Wenn Sie das nicht waren, sagen Sie es sofort den Betreibern von { $site }.
what-now = Wie es weitergeht:
when-accepted = Was geschieht, wenn Sie annehmen:

fact-from = Von
fact-from-value = { $sender }, bestätigte Adresse { $sender-address }
fact-out-of = Aus
fact-of = Gehört zu
fact-to = An
fact-with = Mit
fact-workgroup = Arbeitsgruppe
fact-as = Als
fact-as-value = { $hands-over ->
        [yes] Eigentümer
       *[no] { role-name }
    }
fact-open-until = Offen bis

message = { $sender } schreibt (das sind nicht die Worte von { $site }):
links-broken = Adressen in diesen Worten sind durch Klammern unterbrochen, damit kein Mailprogramm Links daraus macht. { $site } zeigt sie, wie sie geschrieben wurden.
reason-told = Dem Absender wurde dieser Grund genannt:
reason-given = Der genannte Grund (das sind nicht die Worte von { $site }):
reason-none = Es wurde kein Grund genannt.
renamed = Diese Namen waren in „{ $into }“ schon vergeben, deshalb heißen die Objekte nun anders:
renamed-item = „{ $before }“ heißt nun „{ $now }“

## Wie man antwortet

answer-by-mail = Antworten Sie auf diese E-Mail, und zwar von { $to } aus. Die erste Zeile Ihrer Antwort entscheidet:
answer-buttons = Um zu antworten, drücken Sie einen Knopf und senden Sie die E-Mail, die sich öffnet, von { $to } aus ab:
accept-into = Annehmen in { $context }
accept-plainly = Annehmen
decline = Ablehnen
example-reason = das sind nicht unsere Daten
example-default = (in „{ $context }“)
answer-or-open = Oder öffnen Sie diesen Link und melden Sie sich mit { $to } an:
answer-open = Um zu antworten, öffnen Sie diesen Link und melden Sie sich mit { $to } an:
open = In { $site } öffnen
open-note = Der Link allein ändert nichts. Sie finden alles auch auf Ihrer Startseite, wenn Sie sich unter { $home } anmelden. Antwortet niemand, läuft die Frist ab, und nichts ändert sich.

## Der Fuß

foot-reply = { $site } hat diese E-Mail an { $to } gesandt. Anmelden können Sie sich unter { $home }
foot-no-reply = { $site } hat diese E-Mail an { $to } gesandt. Eine Antwort darauf bewirkt nichts; melden Sie sich stattdessen an: { $home }
foot-code = { $site } hat diese E-Mail an { $to } gesandt. Eine Antwort darauf bewirkt nichts.

## Übergaben

transfer-offer-subject = { $sender-short } bietet { you } { named-first } an
transfer-offer-title = { $sender } bietet { you } Sequenzierdaten an
transfer-offer-lead = { $sender } ({ $sender-address }) bietet { you } auf { $site } das Eigentum an Sequenzierdaten an.{ told-before }
transfer-effect-owner = { $recipient-kind ->
        [workgroup] Die Daten gehören dann der Arbeitsgruppe { $recipient } und zählen zu deren Speicher.
       *[address] Die Daten gehören dann dem Kontext, den Sie wählen (Ihrem eigenen Bereich oder einer Ihrer Arbeitsgruppen), und zählen zu dessen Speicher.
    }
transfer-effect-reads = Kein Lauf ist Teil dieses Angebots. Base Calls liegen bei Läufen: Die seiner Projekte bleiben, wo sie sind, falls es welche gibt.
transfer-effect-sender = { $keeps ->
        [none] Die Seite des Absenders sieht die Daten nicht mehr und kann nichts mehr an ihnen ändern.
       *[read] Die Seite des Absenders behält Lesezugriff{ keeps-until }.
    }
transfer-effect-shares = Wer eine Freigabe davon hat, behält sie; ob es jemanden gibt, sagt die Seite hinter dem Link.
transfer-effect-final = Es lässt sich nicht rückgängig machen.
transfer-reminder-subject = Erinnerung: { $sender-short } bietet { you } { named-first } an
transfer-reminder-title = Ein Angebot wartet noch auf { $recipient-kind ->
        [workgroup] die Arbeitsgruppe { $recipient }
       *[address] Ihre Antwort
    }
transfer-reminder-lead = Das Angebot kommt von { $sender } ({ $sender-address }) und endet von selbst am { $expires }.
transfer-accepted-sender-subject = Angenommen: { named-first }
transfer-accepted-sender-title = Ihr Angebot wurde angenommen
transfer-accepted-sender-lead = { receiver-first } hat Ihr Angebot am { $at } in „{ $into }“ angenommen.
transfer-accepted-sender-after = Die Daten gehören nicht mehr { own-side } und zählen dort nicht mehr zum Speicher. { $keeps ->
        [none] Dort sind sie nicht mehr zu sehen.
       *[read] Wie vereinbart bleibt dort Lesezugriff{ keeps-until }.
    } Die Übergabe bleibt in Ihrem Verlauf.
transfer-accepted-recipient-subject = Quittung: { named-first } angenommen in „{ $into-short }“
transfer-accepted-recipient-title = Die Daten gehören nun „{ $into }“
transfer-accepted-recipient-lead = Das Angebot von { $sender } ({ $sender-address }) wurde am { $at } angenommen. Die Daten gehören nun „{ $into }“.
transfer-now-find = Sie finden die Daten in „{ $into }“: { $receipt }
transfer-now-storage = Die Daten zählen zum Speicher von „{ $into }“. Die Dateien sind, wo sie waren; wie Sie an sie kommen, kann Ihnen { $sender-address } sagen.
transfer-now-sender = { $keeps ->
        [none] Die Seite des Absenders sieht die Daten nicht mehr.
       *[read] Die Seite des Absenders behält Lesezugriff{ keeps-until }.
    }
transfer-now-shares = Wer eine Freigabe davon hatte, hat sie behalten; ob es jemanden gibt, sagt die Quittung, und Sie können sie beenden.
transfer-declined-sender-subject = Abgelehnt: { named-first }
transfer-declined-sender-title = Ihr Angebot wurde abgelehnt
transfer-declined-sender-lead = { receiver-first } hat Ihr Angebot am { $at } abgelehnt.
transfer-declined-sender-after = Nichts hat sich geändert: Die Daten gehören weiterhin { own-side }, und Sie können sie erneut anbieten.
transfer-declined-recipient-subject = Quittung: Angebot über { named-first } abgelehnt
transfer-declined-recipient-title = Das Angebot wurde abgelehnt
transfer-declined-recipient-lead = Das Angebot von { $sender } ({ $sender-address }){ to-workgroup } wurde am { $at } abgelehnt.
transfer-declined-recipient-after = Nichts davon gehört Ihnen. Wenn Sie die Daten doch wollen oder wenn Sie das nicht waren, bitten Sie { $sender-address } um ein neues Angebot.
transfer-cancelled-subject = Zurückgenommen: Angebot über { named-first }
transfer-cancelled-title = Das Angebot wurde zurückgenommen
transfer-cancelled-lead = { $sender } ({ $sender-address }) hat das Angebot{ to-workgroup } am { $at } zurückgenommen.{ made-anew }
transfer-cancelled-after = Sie brauchen nichts zu tun; es lässt sich nicht mehr annehmen. Wenn Sie damit gerechnet hatten, fragen Sie { $sender-address }.
transfer-expired-sender-subject = Abgelaufen: Ihr Angebot über { named-first }
transfer-expired-sender-title = Ihr Angebot ist abgelaufen
transfer-expired-sender-lead = Ihr Angebot an { receiver } ist am { $at } abgelaufen: Niemand hat geantwortet.
transfer-expired-sender-after = Nichts hat sich geändert: Die Daten gehören weiterhin { own-side }. Prüfen Sie die Adresse mit dem Empfänger und bieten Sie die Daten dann erneut an.
transfer-expired-recipient-subject = Abgelaufen: Angebot über { named-first }
transfer-expired-recipient-title = Das Angebot ist abgelaufen
transfer-expired-recipient-lead = Das Angebot von { $sender } ({ $sender-address }){ to-workgroup } ist am { $at } abgelaufen.
transfer-expired-recipient-after = Es lässt sich nicht mehr annehmen. Wenn Sie die Daten wollen, bitten Sie { $sender-address } um ein neues Angebot.

## Freigaben

share-offer-subject = { $sender-short } teilt { named-first } mit { you }
share-offer-title = { $sender } teilt Sequenzierdaten mit { you }
share-offer-lead = { $sender } ({ $sender-address }) teilt auf { $site } Sequenzierdaten mit { you } zum { $level ->
        [write] Lesen und Schreiben
       *[read] Lesen
    }.{ told-before }
share-effect-may = { $recipient-kind ->
        [workgroup] Alle Mitglieder der Arbeitsgruppe { $recipient } dürfen
       *[address] Sie oder alle Mitglieder der Arbeitsgruppe, die Sie wählen, dürfen
    } { may }.{ $projects ->
        [yes] {" "}Auch Läufe, aus denen Daten eines Projekts stammen, sind dann lesbar, wenn sie demselben Eigentümer gehören.
       *[no] {""}
    }
share-effect-until = Der Zugriff gilt { access-until }; Sie können ihn jederzeit aufgeben.
share-effect-storage = { $site } zeigt, was die Daten enthalten, mit Namen und Größen der Dateien; wie Sie an die Dateien selbst kommen, kann Ihnen { $sender-address } sagen. Die Daten gehören weiterhin der Seite des Absenders und zählen nicht zu Ihrem Speicher.
share-reminder-subject = Erinnerung: { $sender-short } teilt { named-first } mit { you }
share-reminder-title = Geteilte Daten warten noch auf { $recipient-kind ->
        [workgroup] die Arbeitsgruppe { $recipient }
       *[address] Ihre Antwort
    }
share-reminder-lead = { $sender } ({ $sender-address }) teilt Sequenzierdaten mit { you }. Die Einladung endet von selbst am { $expires }.
share-accepted-sender-subject = Nun geteilt: { named-first }
share-accepted-sender-title = Ihre Einladung wurde angenommen
share-accepted-sender-lead = { receiver-first } hat Ihre Einladung am { $at } in „{ $into }“ angenommen: { $into-kind ->
        [workgroup] Alle dort dürfen
       *[personal] Diese Person darf
    } { access-until } { may }.
share-accepted-sender-after = Die Daten bleiben in { own-side }. Ändern oder widerrufen können Sie den Zugriff jederzeit bei den Mitwirkenden jedes Objekts: { $receipt }
share-accepted-recipient-subject = Quittung: { named-first } geteilt mit „{ $into-short }“
share-accepted-recipient-title = Nun geteilt mit „{ $into }“
share-accepted-recipient-lead = Die Einladung von { $sender } ({ $sender-address }) wurde am { $at } angenommen.
share-now-find = Sie finden die Daten unter dem, was mit „{ $into }“ geteilt ist: { $receipt }
share-now-may = { $into-kind ->
        [workgroup] Alle dort dürfen
       *[personal] Sie dürfen
    } { access-until } { may }.
share-now-storage = Die Daten zählen nicht zu Ihrem Speicher. Die Dateien bleiben, wo sie sind; wie Sie an sie kommen, kann Ihnen { $sender-address } sagen.
share-declined-sender-subject = Abgelehnt: Ihre Einladung zu { named-first-to }
share-declined-sender-title = Ihre Einladung wurde abgelehnt
share-declined-sender-lead = { receiver-first } hat Ihre Einladung am { $at } abgelehnt.
share-declined-sender-after = Nichts hat sich geändert: Die Daten sind nicht mit { $recipient } geteilt. Sie können erneut einladen.
share-declined-recipient-subject = Quittung: Einladung zu { named-first-to } abgelehnt
share-declined-recipient-title = Die Einladung wurde abgelehnt
share-declined-recipient-lead = Die Einladung von { $sender } ({ $sender-address }){ to-workgroup } wurde am { $at } abgelehnt.
share-declined-recipient-after = Nichts davon ist mit Ihnen geteilt. Wenn Sie die Daten doch sehen wollen oder wenn Sie das nicht waren, bitten Sie { $sender-address } um eine neue Einladung.
share-cancelled-subject = Zurückgenommen: Einladung zu { named-first-to }
share-cancelled-title = Die Einladung wurde zurückgenommen
share-cancelled-lead = Die Einladung von { $sender } ({ $sender-address }){ to-workgroup } ist am { $at } zu Ende gegangen: Sie wurde zurückgenommen, oder die Daten haben einen anderen Besitzer.{ made-anew }
share-cancelled-after = Sie brauchen nichts zu tun; sie lässt sich nicht mehr annehmen. Wenn Sie damit gerechnet hatten, fragen Sie { $sender-address }.
share-expired-sender-subject = Abgelaufen: Ihre Einladung zu { named-first-to }
share-expired-sender-title = Ihre Einladung ist abgelaufen
share-expired-sender-lead = Ihre Einladung an { receiver } ist am { $at } abgelaufen: Niemand hat geantwortet.
share-expired-sender-after = Nichts hat sich geändert: Die Daten sind nicht mit { $recipient } geteilt. Prüfen Sie die Adresse und laden Sie dann erneut ein.
share-expired-recipient-subject = Abgelaufen: Einladung zu { named-first-to }
share-expired-recipient-title = Die Einladung ist abgelaufen
share-expired-recipient-lead = Die Einladung von { $sender } ({ $sender-address }){ to-workgroup } ist am { $at } abgelaufen.
share-expired-recipient-after = Sie lässt sich nicht mehr annehmen. Wenn Sie die Daten sehen wollen, bitten Sie { $sender-address } um eine neue Einladung.

## Arbeitsgruppen: Einladungen, beizutreten und zu übernehmen

workgroup-offer-subject = { $sender-short } { $hands-over ->
        [yes] bittet Sie, die Arbeitsgruppe „{ $source-short }“ zu übernehmen
       *[no] lädt Sie in die Arbeitsgruppe „{ $source-short }“ ein
    }
workgroup-offer-title = { $sender } { $hands-over ->
        [yes] bittet Sie, die Arbeitsgruppe „{ $source }“ zu übernehmen
       *[no] lädt Sie in die Arbeitsgruppe „{ $source }“ ein
    }
workgroup-offer-lead = { $sender } ({ $sender-address }) { $hands-over ->
        [yes] bittet Sie auf { $site }, Eigentümer der Arbeitsgruppe „{ $source }“ zu werden
       *[no] lädt Sie auf { $site } ein, der Arbeitsgruppe „{ $source }“ als { role-name } beizutreten
    }.{ told-before }
workgroup-effect-role = { $hands-over ->
        [yes] Die Arbeitsgruppe gehört dann Ihnen: Sie können sie auch einem anderen Administrator übergeben, und niemand kann Sie entfernen.
       *[no] Sie gehören dann als { role-name } zur Arbeitsgruppe und dürfen mit ihren Daten alles tun.
    }
workgroup-effect-others = { $hands-over ->
        [yes] Der jetzige Eigentümer bleibt als Administrator dabei.
       *[no] Was Ihnen gehört, bleibt Ihres; nichts davon geht an die Arbeitsgruppe.
    }
workgroup-effect-data = { $hands-over ->
        [yes] Die Daten der Arbeitsgruppe bleiben bei ihr.
       *[no] Sie können jederzeit austreten und sehen ihre Daten dann nicht mehr.
    }
workgroup-reminder-subject = Erinnerung: { workgroup-offer-subject }
workgroup-reminder-title = Eine Einladung wartet noch auf Ihre Antwort
workgroup-reminder-lead = { workgroup-offer-title }. Die Einladung kommt von { $sender-address } und endet von selbst am { $expires }.
workgroup-accepted-sender-subject = { $hands-over ->
        [yes] Die Arbeitsgruppe „{ $source-short }“ gehört nun { $recipient }
       *[no] { $recipient } ist der Arbeitsgruppe „{ $source-short }“ beigetreten
    }
workgroup-accepted-sender-title = Ihre Einladung wurde angenommen
workgroup-accepted-sender-lead = { $recipient } hat die Einladung, { own-or-join } am { $at } angenommen.
workgroup-accepted-sender-after = { $hands-over ->
        [yes] { $recipient } ist nun Eigentümer der Arbeitsgruppe, und Sie gehören zu ihren Administratoren.
       *[no] Die Person gehört nun als { role-name } dazu und darf mit den Daten der Arbeitsgruppe alles tun.
    }
workgroup-accepted-recipient-subject = { $hands-over ->
        [yes] Quittung: Ihnen gehört nun die Arbeitsgruppe „{ $source-short }“
       *[no] Quittung: Sie gehören nun zur Arbeitsgruppe „{ $source-short }“
    }
workgroup-accepted-recipient-title = { $hands-over ->
        [yes] „{ $source }“ gehört nun Ihnen
       *[no] Sie gehören nun zu „{ $source }“
    }
workgroup-accepted-recipient-lead = Die Einladung von { $sender } ({ $sender-address }) wurde am { $at } angenommen.
workgroup-now-role = { $hands-over ->
        [yes] Der bisherige Eigentümer ist nun einer ihrer Administratoren.
       *[no] Als { role-name } dürfen Sie mit den Daten der Arbeitsgruppe alles tun.
    }
workgroup-now-find = Sie finden sie unter Ihren Kontexten: { $home }
workgroup-declined-sender-subject = Abgelehnt: Ihre Einladung in die Arbeitsgruppe „{ $source-short }“
workgroup-declined-sender-title = Ihre Einladung wurde abgelehnt
workgroup-declined-sender-lead = { $recipient } hat die Einladung, { own-or-join } am { $at } abgelehnt.
workgroup-declined-sender-after = Nichts hat sich geändert. Sie können erneut einladen.
workgroup-declined-recipient-subject = Quittung: Einladung in die Arbeitsgruppe „{ $source-short }“ abgelehnt
workgroup-declined-recipient-title = Die Einladung wurde abgelehnt
workgroup-declined-recipient-lead = Die Einladung von { $sender } ({ $sender-address }), { own-or-join } wurde am { $at } abgelehnt.
workgroup-declined-recipient-after = Nichts hat sich geändert. Wenn Sie es doch wollen oder wenn Sie das nicht waren, bitten Sie { $sender-address } um eine neue Einladung.
workgroup-cancelled-subject = Zurückgenommen: Einladung in die Arbeitsgruppe „{ $source-short }“
workgroup-cancelled-title = Die Einladung wurde zurückgenommen
workgroup-cancelled-lead = { $sender } ({ $sender-address }) hat die Einladung, { own-or-join } am { $at } zurückgenommen.{ made-anew }
workgroup-cancelled-after = Sie brauchen nichts zu tun; sie lässt sich nicht mehr annehmen. Wenn Sie damit gerechnet hatten, fragen Sie { $sender-address }.
workgroup-expired-sender-subject = Abgelaufen: Ihre Einladung in die Arbeitsgruppe „{ $source-short }“
workgroup-expired-sender-title = Ihre Einladung ist abgelaufen
workgroup-expired-sender-lead = Ihre Einladung an { $recipient }, { own-or-join } ist am { $at } abgelaufen: Niemand hat geantwortet.
workgroup-expired-sender-after = Nichts hat sich geändert. Prüfen Sie die Adresse und laden Sie dann erneut ein.
workgroup-expired-recipient-subject = Abgelaufen: Einladung in die Arbeitsgruppe „{ $source-short }“
workgroup-expired-recipient-title = Die Einladung ist abgelaufen
workgroup-expired-recipient-lead = Die Einladung von { $sender } ({ $sender-address }), { own-or-join } ist am { $at } abgelaufen.
workgroup-expired-recipient-after = Sie lässt sich nicht mehr annehmen. Wenn Sie es wollen, bitten Sie { $sender-address } um eine neue Einladung.

## Antworten auf eine Antwort

about = { $terms ->
        [transfer] das Angebot über { named-first }
        [share] die Einladung zu { named-first-to }
       *[workgroup] die Einladung in die Arbeitsgruppe „{ $source-short }“
    }
answer-confirm-subject = Bitte bestätigen: Ihre Antwort auf { about }
answer-confirm-title = Bitte bestätigen Sie Ihre Antwort in { $site }
answer-confirm-lead = Auf { about } kam eine Antwort, und es geschah nichts: Es ist nicht sicher, dass sie von Ihnen stammt. Wenn doch, öffnen Sie den Link unten und antworten Sie dort.
answer-confirm-after = Wenn Sie nicht geantwortet haben, brauchen Sie nichts zu tun. Alles bleibt, wie es war.
answer-not-understood-subject = Nicht verstanden: Ihre Antwort auf { about }
answer-not-understood-title = Ihre Antwort wurde nicht verstanden
answer-not-understood-lead = Ihre Antwort auf { about } hat nichts entschieden, weil ihre erste Zeile keine von denen ist, die unten stehen.
answer-which-context-subject = In welchen Kontext? Ihre Antwort auf { about }
answer-which-context-title = In welchen Kontext?
answer-which-context-lead = Ihre Antwort auf { about } hat nichts entschieden, weil sie nicht genau einen Kontext nennt, in den Sie jetzt annehmen dürfen. Das sind die Namen:
answer-replies-off-subject = Bitte antworten Sie in { $site }: { about }
answer-replies-off-title = Bitte antworten Sie in { $site }
answer-replies-off-lead = Ihre Antwort auf { about } hat nichts entschieden: Per E-Mail lässt sich hier nicht antworten. Öffnen Sie den Link unten und antworten Sie dort.
answer-refused-subject = Nicht möglich: Ihre Antwort auf { about }
answer-refused-title = Ihre Antwort ließ sich nicht ausführen
answer-refused-lead = Ihre Antwort auf { about } wurde verstanden, aber nichts hat sich geändert, und zwar deshalb:
answer-ended-subject = Schon beendet: { about }
answer-ended-title = Es war schon beantwortet oder beendet
answer-ended-lead = Ihre Antwort auf { about } hat nichts geändert: { $terms ->
        [transfer] Das Angebot
       *[workgroup] Die Einladung
    } { $state ->
        [accepted] wurde schon am { $at } in „{ $into }“ angenommen.
        [declined] wurde schon am { $at } abgelehnt.
        [cancelled] wurde am { $at } zurückgenommen.
        [expired] ist am { $at } abgelaufen.
       *[other] lässt diese Antwort nicht mehr zu.
    }
answer-ended-after = Wenn Sie noch etwas davon wollen, wenden Sie sich an { $sender-address }.

## Was Absender über einen Brief hören, der nicht ankam

undeliverable-subject = Nicht zustellbar: { about }
undeliverable-title = Eine E-Mail war nicht zustellbar
undeliverable-lead = Die E-Mail an { $address } war nicht zustellbar ({ $why }). Es ging um { about }.
undeliverable-after = Trotzdem gilt es weiter, und die Person, für die es ist, findet es nach dem Anmelden. Prüfen Sie die Adresse mit ihr; Sie können die Adresse berichtigen oder auf anderem Weg Bescheid geben.

## Arbeitsgruppen: was in ihnen geschieht

joined-subject = { $who-short } ist der Arbeitsgruppe „{ $workgroup-short }“ beigetreten
joined-title = Jemand ist „{ $workgroup }“ beigetreten
joined-lead = { $who } ({ $address }) ist am { $at } der Arbeitsgruppe „{ $workgroup }“ als { role-name } beigetreten und darf mit ihren Daten alles tun.
joined-after = Sie gehören zu ihren Administratoren und können die Rolle jederzeit ändern oder die Person entfernen.
role-changed-subject = Ihre Rolle in der Arbeitsgruppe „{ $workgroup-short }“: { role-name }
role-changed-title = Ihre Rolle in „{ $workgroup }“ hat sich geändert
role-changed-lead = { $by } hat am { $at } Ihre Rolle in der Arbeitsgruppe „{ $workgroup }“ geändert: Sie sind nun { role-name }.
role-changed-after = { $role ->
        [administrator] Sie dürfen Mitglieder einladen, befördern und entfernen und Angebote an die Arbeitsgruppe beantworten.
        [owner] Sie dürfen alles, was ihre Administratoren dürfen, und die Arbeitsgruppe einem von ihnen übergeben.
       *[member] Sie dürfen mit ihren Daten alles tun wie zuvor; Mitglieder einladen, befördern und entfernen dürfen ihre Administratoren.
    }
removed-subject = Sie gehören nicht mehr zur Arbeitsgruppe „{ $workgroup-short }“
removed-title = Sie gehören nicht mehr zu „{ $workgroup }“
removed-lead = { $by } hat Sie am { $at } aus der Arbeitsgruppe „{ $workgroup }“ entfernt.
removed-after = Sie sehen ihre Daten nicht mehr. Was Sie in Ihren eigenen Bereich angenommen haben, bleibt Ihres. Fragen Sie ihre Administratoren, wenn Sie das für einen Irrtum halten.
closed-subject = Die Arbeitsgruppe „{ $workgroup-short }“ wurde geschlossen
closed-title = „{ $workgroup }“ wurde geschlossen
closed-lead = { $by } hat die Arbeitsgruppe „{ $workgroup }“ am { $at } geschlossen. Daten gehörten ihr da nicht mehr.
closed-after = Sie gehören nicht mehr dazu. Was Ihnen gehört, bleibt Ihres.
link-accepted-subject = Link benutzt: { $who-short } hat „{ $item-short }“ angenommen
link-accepted-title = Jemand hat Ihren Link angenommen
link-accepted-lead = { $who } ({ $address }) hat am { $at } den Link { $kind ->
        [run] zum Lauf
       *[project] zum Projekt
    } „{ $item }“ in „{ $into }“ angenommen. „{ $into }“ darf nun { may }.
link-accepted-after = Sie finden „{ $into }“ unter den Mitwirkenden und können den Zugriff dort ändern oder widerrufen. Schalten Sie den Link ab, wenn ihn sonst niemand benutzen soll.

## Alles eines Kontexts verschieben

move-proposed-subject = Zu genehmigen: alles von „{ $from-short }“ verschieben
move-proposed-title = Ein Umzug wartet auf einen zweiten Administrator
move-proposed-lead = { $by } schlägt vor, alles von „{ $from }“ nach „{ $into }“ zu verschieben.
move-proposed-reason = Der genannte Grund (das sind nicht die Worte von { $site }):
move-proposed-after = Nichts wird verschoben, bevor ein zweiter Administrator zustimmt. Melden Sie sich unter { $home } an, sehen Sie sich den Vorschlag an und genehmigen Sie ihn oder brechen Sie ihn ab.
move-approved-subject = Alles von „{ $from-short }“ wird nach „{ $into-short }“ verschoben
move-approved-title = Alles von „{ $from }“ wird verschoben
move-approved-lead = { $by } hat am { $at } genehmigt, dass alles von „{ $from }“ nach „{ $into }“ verschoben wird. Vorgeschlagen hat es { $proposer }.
move-approved-after = Freigaben und Links bleiben, wie sie sind. Wenn Sie Fragen haben, wenden Sie sich an die beiden, die es entschieden haben.

## Zugriff, der widerrufen wurde

access-revoked-subject = Zugriff beendet: „{ $item-short }“{ $count ->
        [one] {""}
        [2] {" "}und ein weiteres Objekt
       *[other] {" "}und { $others } weitere Objekte
    }
access-revoked-title = Zugriff beendet
access-revoked-lead = Dieser Zugriff wurde widerrufen:
access-revoked-item = { $owner } hat am { $at } den Zugriff von „{ $whose }“ auf { $kind ->
        [run] den Lauf
       *[project] das Projekt
    } „{ $item }“ widerrufen.
access-revoked-after = Worauf Sie sonst Zugriff haben, bleibt, wie es ist. Wenn Sie den Zugriff noch brauchen, bitten Sie den Eigentümer, die Daten erneut zu teilen.

## Codes

sign-in-code-subject = Ihr Code zum Anmelden bei { $site }
sign-in-code-title = Ihr Code zum Anmelden bei { $site }
sign-in-code-lead = Tippen Sie diesen Code dort ein, wo Sie ihn angefordert haben:
sign-in-code-good = Er gilt einmal und bis zum { $expires }. Geben Sie ihn an niemanden weiter: Wer ihn hat, kann sich als Sie anmelden.
sign-in-code-after = Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun; ohne ihn kommt niemand hinein.
address-code-subject = Ihr Code, um diese Adresse bei { $site } hinzuzufügen
address-code-title = Ihr Code, um diese Adresse hinzuzufügen
address-code-lead = Jemand, der bei { $site } angemeldet ist, möchte diese Adresse dem eigenen Konto hinzufügen. Wenn Sie das sind, tippen Sie diesen Code dort ein, wo Sie danach gefragt wurden:
address-code-good = Er gilt einmal und bis zum { $expires }. Geben Sie ihn an niemanden weiter.
address-code-after = Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun; ohne ihn wird die Adresse nicht hinzugefügt.
