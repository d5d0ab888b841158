home-title = Musik, Bücher und Filme von denen, die sie machen
home-lead = Musik, Bücher, Filme und Podcasts, verkauft von denen, die sie machen. Hineinhören, hineinlesen, die Dateien behalten.
home-new = Neu
home-all-new = Alle neuen Werke
home-all = Alle ansehen
home-genres = Genres
home-shops = Läden
home-go-on = Zuletzt angesehen
home-go-on-note = Nur auf diesem Gerät gespeichert.
home-total = { $count ->
    [one] Ein Werk auf Vitrine.
   *[other] { $count } Werke auf Vitrine.
 }
feature-open = Zum Werk

catalog-title = Katalog
catalog-lead = Alles auf Vitrine nach Art, Genre, Jahr, Preis und Format.
facets-label = Filter
results-label = Ergebnisse
results-count = { $count ->
    [0] Keine Werke
    [one] Ein Werk
   *[other] { $count } Werke
 }
works-count = { $count ->
    [one] ein Werk
   *[other] { $count } Werke
 }
results-empty = Kein Werk passt zu all diesen Filtern
results-empty-text = Lassen Sie einen davon weg:
filter-remove = Filter { $name } entfernen
filter-clear = Alle Filter entfernen
filter-drop = Ohne { $name }
filter-drop-brings = { $count ->
    [one] Ohne { $name }: ein Werk
   *[other] Ohne { $name }: { $count } Werke
 }
sort-label = Sortieren nach
sort-go = Sortieren
density-small = Kleinere Cover
density-large = Größere Cover
pages-label = Seiten
pages-previous = Vorige Seite
pages-next = Nächste Seite
list-more = Mehr zeigen
list-before = Seite { $page } zeigen
list-shown = { $from ->
    [one] Gezeigt bis Seite { $to } von { $pages }
   *[other] Gezeigt werden die Seiten { $from } bis { $to } von { $pages }
}
list-failed = Die nächsten Werke sind nicht angekommen. Prüfen Sie die Verbindung und drücken Sie noch einmal.

search-title = Suche
search-title-for = Ergebnisse für „{ $words }“
search-relaxed = „{ $typed }“ kommt nirgends vor, daher Ergebnisse für „{ $used }“.
search-exact = Trotzdem nach „{ $typed }“ suchen
search-nothing = Nichts gefunden für „{ $words }“
search-nothing-text = Prüfen Sie die Schreibweise, versuchen Sie weniger Wörter oder sehen Sie im Katalog nach.
search-instead = Was andere ansehen

crumbs-label = Wo Sie sind
cover-full = Cover in voller Größe
work-play-all = Hörproben abspielen
work-about = Über dieses Werk
work-credits = Mitwirkende
work-facts = Einzelheiten
work-source = Quelle
work-source-licence = Lizenz: { $licence }
work-source-page = Seite der Quelle
work-tags = Genres und Stichwörter
work-together = Andere kauften dazu
work-same-maker = Von denselben Urhebern
book-look-inside = Hineinlesen
book-sample-of = Leseprobe aus { $title }
video-trailer = Trailer
video-trailer-of = Trailer zu { $title }

buy-label = Kaufen
buy-editions = Ausgaben
buy-add = In den Warenkorb
buy-now = Jetzt kaufen
buy-none = Zurzeit nicht erhältlich
buy-none-text = Es gibt keine Ausgabe zu kaufen. Wer es besitzt, behält es.
buy-nothing-left = In Ihrem Land kann gerade keine Ausgabe gekauft werden. Das Land lässt sich oben auf der Seite ändern.
buy-sold-by = Verkauft von

maker-lead = { $count ->
    [one] Ein Werk von { $name }.
   *[other] { $count } Werke von { $name }.
 }
maker-shops = Verkauft von
maker-no-works = Noch nichts veröffentlicht.

store-works = { $count ->
    [one] Ein Werk
   *[other] { $count } Werke
 }
store-about = Über diesen Laden

licence-full = Voller Text: { $title }
preview-title = Das ist eine Vorschau
preview-text = Nur Mitglieder Ihres Shops sehen sie. Hier lässt sich nichts kaufen.
preview-back = Zurück zum Editor
licence-short = Kurz gesagt
licence-short-note = Es gilt der volle Text darunter.
licence-version = Fassung { $version }, { $date }
licence-versions = Andere Fassungen
licence-version-number = Fassung { $version }

policy-privacy = Datenschutz
policy-privacy-1 = Zum Umsehen braucht es kein Konto, und kein Cookie benennt Sie. Land, Sprache und Währung, die Sie wählen, stehen in einem Cookie, das sonst nichts enthält. Zuletzt angesehene Werke und Suchen bleiben auf Ihrem Gerät.
policy-privacy-2 = Um Ihnen etwas zu verkaufen, werden Ihre E-Mail-Adresse, Ihr Kauf und bei Paketen Ihre Anschrift gespeichert. Sie sind verschlüsselt und gehen nur soweit an Verkäufer und Zahlungsanbieter, wie die Bestellung es braucht.
policy-privacy-3 = Sie können Ihre Daten ausgeben oder löschen lassen. Rechnungen bleiben so lange, wie das Steuerrecht es verlangt; übrig ist dann nur, was in ihnen steht.
policy-withdrawal = Widerruf und Erstattung
policy-withdrawal-right = { $country }: Verbraucher können einen Kauf binnen { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
 } ohne Angabe von Gründen widerrufen. Bei Waren beginnt die Frist mit der Ankunft des Pakets, sonst mit dem Kauf. Wer für ein Unternehmen kauft, hat dieses Recht nicht.
policy-withdrawal-goods = { $country }: Verbraucher können einen Kauf von Waren binnen { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
 } nach Ankunft des Pakets ohne Angabe von Gründen widerrufen. Bei Dateien, Geschenkkarten und allem anderen, was nicht versandt wird, besteht dieses Recht nicht. Wer für ein Unternehmen kauft, hat es nicht.
policy-withdrawal-waiver = Bei Dateien endet dieses Recht, sobald Download oder Wiedergabe beginnt, wenn Sie dem vorher zugestimmt haben. Die Kasse fragt nach dieser Zustimmung, der Beleg wiederholt sie.
policy-withdrawal-files = Auch bei Dateien besteht dieses Recht { $days ->
    [one] einen Tag
   *[other] { $days } Tage
 } lang ab dem Kauf; die Kasse verlangt nichts von Ihnen, das es beenden würde.
policy-withdrawal-here = Zum Widerruf öffnen Sie Ihre Bestellung und wählen „Vertrag hier widerrufen“ oder schreiben dem Laden, der auf ihr steht.
policy-withdrawal-tell = Zum Widerruf schreiben Sie dem Laden, der auf Ihrer Bestellung steht.
policy-withdrawal-returns = Die Kosten der Rücksendung tragen Sie.
policy-withdrawal-money = Das Geld kommt binnen { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
 } auf dem Weg zurück, auf dem es kam.
policy-withdrawal-money-now = Das Geld kommt sofort auf dem Weg zurück, auf dem es kam.
policy-withdrawal-none = { $country }: Uns ist kein Gesetz bekannt, nach dem Sie einen Kauf im Internet nur deshalb widerrufen können, weil Sie es sich anders überlegt haben.
policy-withdrawal-unknown = { $country }: Ob Sie einen Kauf im Internet nach dem Recht dort nur deshalb widerrufen können, weil Sie es sich anders überlegt haben, ist hier nicht verzeichnet. Was es sagt, gilt trotzdem; fragen Sie den Laden. Seine Adresse steht auf Ihrem Beleg und unten auf seiner Seite.
policy-withdrawal-media = Das Gesetz kennt Ausnahmen: Bei manchen Büchern, Zeitschriften und entsiegelten Aufnahmen besteht dieses Recht vielleicht nicht. Fragen Sie den Laden.
policy-withdrawal-shop = Vitrine verspricht nicht mehr als das Gesetz. Ein Laden kann trotzdem etwas zurücknehmen: Fragen Sie ihn. Seine Adresse steht auf Ihrem Beleg und unten auf seiner Seite.
policy-withdrawal-faults = Was Sie verlangen können, wenn etwas mangelhaft ist, nicht der Beschreibung entspricht oder nicht ankommt, bleibt davon unberührt.
policy-withdrawal-country = Das gilt für das Land, für das Preise und Steuern gezeigt werden; Sie können ein anderes wählen. Welches Recht gilt, entscheidet Ihr Wohnsitz.
policy-imprint = Wer hier verkauft
policy-imprint-1 = Vitrine ist ein Marktplatz. Bei jedem Werk steht neben dem Preis, welcher Laden es verkauft.
policy-imprint-2 = Jeder Laden nennt unten auf seiner Seite eingetragenen Namen, Anschrift, Kontakt und Steuernummern. Sie stehen auch auf jeder Rechnung.
policy-imprint-3 = Ihr Vertragspartner ist, wer auf der Rechnung als Verkäufer steht, sofern sie nicht die Plattform nennt.
policy-contact = Kontakt
policy-contact-1 = Fragen zu einer Bestellung beantwortet der Laden. Seine Adresse steht auf Ihrem Beleg und unten auf seiner Seite.
policy-contact-2 = Halten Sie die Bestellnummer bereit; sie beginnt mit „ord“.
policy-contact-3 = Wenn eine Seite versagt, zeigt sie eine Kennung. Mit ihr lässt sich der Vorfall finden.

account-signed-out = Ihr Konto
account-why = Mit einem Konto sehen Sie auf jedem Gerät, was Ihnen gehört, und müssen Ihre Adresse nicht noch einmal eingeben.
account-sign-in = Anmelden oder Konto anlegen
account-hello = Hallo, { $name }
account-email = Angemeldet mit { $email }.
account-unverified = Diese Adresse ist noch nicht bestätigt; öffnen Sie den Link in der Mail, die wir geschickt haben.
account-studio = Studio
account-sign-out = Abmelden
account-devices = Wo Sie angemeldet sind
account-devices-hint = Wenn Sie eines davon nicht kennen, melden Sie es ab und setzen Sie ein neues Passwort.
account-device-unknown = Ein Browser, der seinen Namen nicht nennt
account-device-seen = zuletzt gesehen am
account-device-this = dieser Browser
account-device-end = Dort abmelden
account-console = Bestellungen und Import
podcast-feed = Feed für jede Podcast-App
letters-title = Briefe von { $shop }
letters-asked = Es fehlt noch ein Druck: Bestätigen Sie, dass { $shop } an diese Adresse schreiben darf.
letters-confirm = Ja, schreibt mir
letters-on = Sie bekommen die Briefe von { $shop }.
letters-leave = Briefe beenden
letters-off = { $shop } schreibt Ihnen nicht. Von Ihrer Adresse ist nichts gespeichert.
letters-visit = Zu { $shop }
letters-store = Neues per Mail
letters-email = E-Mail-Adresse
letters-hint = Zuerst kommt ein Link; { $shop } schreibt Ihnen erst, wenn Sie ihn bestätigen. Abmelden geht jederzeit mit einem Druck.
letters-ask = Link schicken
letters-look = Sehen Sie in Ihre Mail
letters-look-text = Wenn die Adresse Mail empfangen kann, ist ein Link unterwegs. Drücken Sie dahinter auf den Knopf, dann geht es los.
buy-at-market = Bei Vitrine kaufen
