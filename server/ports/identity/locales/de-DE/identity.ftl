# Anmeldeseiten und Mails des eingebauten Anbieters.
idp-skip = Zum Formular springen
idp-sign-in-title = Anmelden
idp-from = Sie kommen von { $client } und kehren dorthin zurück.
idp-back-to = Zurück zu { $client }
idp-email = E-Mail
idp-email-hint = Wenn Sie noch kein Konto haben, können Sie im nächsten Schritt eines anlegen.
idp-continue = Weiter
idp-password-title = Ihr Passwort
idp-for-email = Für { $email }
idp-other-email = Andere E-Mail verwenden
idp-password = Passwort
idp-sign-in = Anmelden
idp-no-account = Noch kein Konto mit dieser E-Mail?
idp-create = Konto anlegen
idp-forgot = Passwort vergessen?
idp-forgot-send = Link schicken
idp-create-title = Konto anlegen
idp-name = Name
idp-name-hint = So sprechen wir Sie an. Das Feld darf leer bleiben.
idp-new-password = Neues Passwort
idp-password-hint = Mindestens { $count } Zeichen. Mehrere Wörter hintereinander merken sich leicht.
idp-have-account = Ich habe ein Konto
idp-sent-title = Sehen Sie in Ihr Postfach
idp-sent = Wir haben eine Mail an { $email } geschickt. Öffnen Sie den Link darin, um fortzufahren. Er gilt { $hours ->
    [one] eine Stunde
   *[other] { $hours } Stunden
}.
idp-sent-missing = Keine Mail? Sehen Sie im Spam-Ordner nach oder versuchen Sie es in einigen Minuten erneut.
idp-verify-title = E-Mail bestätigen
idp-verify-text = Damit entsteht Ihr Konto für { $email }.
idp-verify-password = Das Passwort, das Sie gewählt haben
idp-verify-password-hint = Sie haben den Link in einem anderen Browser geöffnet, deshalb fragen wir noch einmal.
idp-verify-again = Nicht Ihr Passwort? Beginnen Sie neu und wählen Sie ein anderes.
idp-confirm = Bestätigen
idp-reset-title = Neues Passwort wählen
idp-reset-text = Für { $email }. Alle, die in diesem Konto angemeldet sind, werden abgemeldet.
idp-reset-save = Speichern und anmelden
idp-nobody-title = Mit dieser E-Mail gibt es kein Konto
idp-nobody-text = Legen Sie eines mit { $email } an oder versuchen Sie eine andere E-Mail.
idp-start-again = Neu beginnen
idp-link-gone-title = Dieser Link gilt nicht mehr
idp-link-gone-text = Er wurde schon benutzt oder ist zu alt. Beginnen Sie neu, um einen anderen zu bekommen.
idp-logout-title = Abmelden
idp-logout-text = Möchten Sie sich in diesem Browser von { $site } abmelden?
idp-logout = Abmelden
idp-stay = Angemeldet bleiben
idp-logged-out-title = Sie sind abgemeldet
idp-error-title = Das lässt sich nicht öffnen
idp-error-summary = Bitte prüfen Sie dies
idp-error-wrong = E-Mail oder Passwort ist falsch. Versuchen Sie es erneut oder lassen Sie sich einen Link für ein neues Passwort schicken.
idp-error-email = Das ist keine E-Mail-Adresse. Sie sieht aus wie name@example.com.
idp-error-password = Das Passwort muss { $count } bis 256 Zeichen haben.
idp-error-wait = Zu viele Versuche. Versuchen Sie es in { $minutes ->
    [one] einer Minute
   *[other] { $minutes } Minuten
} erneut.
idp-error-origin = Das Formular kam von einer anderen Website, deshalb ist nichts geschehen. Gehen Sie zurück und versuchen Sie es erneut.
idp-error-redirect-title = Die Rücksprungadresse ist nicht eingetragen
idp-error-redirect-text = Die App will zu einer Adresse zurückkehren, die nicht auf ihrer Liste steht. Wenn Sie die App betreiben, tragen Sie genau diese Adresse ein:
idp-error-client-title = Die App ist nicht bekannt
idp-error-client-text = Unter der Kennung „{ $client }“ ist keine App eingetragen.
idp-error-request-text = Die App hat eine unverständliche Anfrage gestellt. Gehen Sie zu ihr zurück und versuchen Sie es erneut.
idp-error-internal-title = Hier ist etwas schiefgegangen
idp-error-internal-text = Es ist nichts verloren. Versuchen Sie es gleich noch einmal. Wenn es bleibt, nennen Sie uns diese Nummer: { $id }
idp-mail-sign-up-subject = Bestätigen Sie Ihre E-Mail
idp-mail-sign-up-text = Sie möchten ein Konto bei { $site } anlegen. Öffnen Sie diesen Link, um zu bestätigen, dass die Adresse Ihnen gehört:
idp-mail-registered-subject = Sie haben bereits ein Konto
idp-mail-registered-text = Jemand, vermutlich Sie, wollte mit dieser Adresse ein Konto bei { $site } anlegen. Es gibt schon eines. Melden Sie sich mit Ihrem Passwort an oder setzen Sie hier ein neues:
idp-mail-reset-subject = Neues Passwort setzen
idp-mail-reset-text = Öffnen Sie diesen Link, um ein neues Passwort für { $site } zu wählen:
idp-mail-nobody-subject = Kein Konto mit dieser Adresse
idp-mail-nobody-text = Jemand, vermutlich Sie, wollte ein neues Passwort bei { $site }. Mit dieser Adresse gibt es kein Konto. Hier können Sie eines anlegen:
idp-mail-life = Der Link gilt { $hours ->
    [one] eine Stunde
   *[other] { $hours } Stunden
} und nur einmal.
idp-mail-not-you = Wenn Sie das nicht waren, müssen Sie nichts tun.
idp-mail-device-subject = Neue Anmeldung bei { $site }
idp-mail-device-text = In Ihrem Konto bei { $site } hat sich gerade jemand mit einem Browser angemeldet, der dort noch nie benutzt wurde: { $browser }. Falls Sie das nicht waren, setzen Sie jetzt ein neues Passwort; damit werden alle überall abgemeldet:
idp-mail-device-unnamed = einer, der seinen Namen nicht sagt
idp-mail-was-you = Falls Sie das waren, ist nichts zu tun.
