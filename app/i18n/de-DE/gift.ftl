gift-title = Geschenkkarten von { $shop }
gift-lead = Eine Geschenkkarte ist ein Code, der per E-Mail kommt. Wer ihn hat, bezahlt damit, was { $shop } verkauft, auf einmal oder nach und nach.
gift-trouble = Die Zahlung konnte nicht beginnen
gift-amount = Wie viel
gift-named = Ein anderer Betrag
gift-named-hint = Von { $least } bis { $most }
gift-pieces = Wie viele Karten
gift-pieces-hint = Jede hat einen eigenen Code; höchstens { $most }
gift-to = Für wen
gift-to-other = An jemanden senden
gift-to-self = An mich senden
gift-recipient-email = E-Mail-Adresse des Empfängers
gift-recipient = Name des Empfängers (freiwillig)
gift-sender = Ihr Name, wie er in der E-Mail steht (freiwillig)
gift-message = Nachricht (freiwillig)
gift-day = Tag des Versands (freiwillig)
gift-day-hint = Versand um 10:00 UTC an diesem Tag, bis zu einem Jahr im Voraus. Leer lassen, um sie sofort zu senden.
gift-you = Sie
gift-email = Ihre E-Mail-Adresse
gift-email-hint = Für den Beleg und die Seite Ihrer Bestellung
gift-where = Sie bezahlt, was { $shop } verkauft, samt Versand und Steuer, und sonst nirgends. { $shop } schuldet ihren Wert. Sie verfällt nicht.
gift-tax = Auf eine Geschenkkarte fällt keine Steuer an, sondern auf das, was damit bezahlt wird. Sie erhalten einen Beleg, keine Steuerrechnung.
gift-back = Solange nichts ausgegeben ist, können Sie auf der Seite Ihrer Bestellung die Adresse berichtigen.
gift-withdraw-here = Solange nichts ausgegeben ist, können Sie den Kauf dort binnen { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
 } widerrufen.
gift-withdraw-tell = Solange nichts ausgegeben ist, können Sie den Kauf binnen { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
 } widerrufen: Schreiben Sie { $shop }.
gift-withdraw-none = { $country }: Uns ist kein Gesetz bekannt, nach dem Sie den Kauf nur deshalb widerrufen können, weil Sie es sich anders überlegt haben.
gift-withdraw-unknown = { $country }: Ob Sie den Kauf nach dem Recht dort nur deshalb widerrufen können, weil Sie es sich anders überlegt haben, ist hier nicht verzeichnet. Fragen Sie { $shop }.
gift-pay = Rabatte, Geschenkkarten und Guthaben bezahlen keine Geschenkkarten.
gift-buy = Geschenkkarte bezahlen
gift-not-here = Dieser Shop verkauft keine Geschenkkarten in einer Währung, in der Sie hier bezahlen können ({ $currency }). Wählen Sie unten auf der Seite ein anderes Land oder eine andere Währung.
gift-waits = Geht an { $email }, am { $when }
gift-sent = Ging an { $email }, am { $when }
gift-used = Ging an { $email }; etwas davon ist ausgegeben
gift-over = Ist beendet: Der Code bezahlt nichts mehr
gift-correct = An eine andere Adresse senden
gift-correct-of = : Karte { $number }
gift-correct-text = Eine Karte, die schon gesendet wurde, bekommt einen neuen Code, und der alte gilt nicht mehr. Was noch nicht gesendet ist, geht an seinem Tag an die neue Adresse.
gift-correct-go = Dorthin senden
gift-corrected = Die Adresse ist geändert
gift-corrected-text = Die Karte geht an die Adresse, die Sie geschrieben haben.
gift-not-corrected = Die Adresse wurde nicht geändert
gift-trouble-fault-email = Schreiben Sie eine E-Mail-Adresse wie name@example.com.
gift-trouble-gift-used = Von dieser Karte ist etwas ausgegeben, oder sie ist beendet.
gift-trouble-gift-many = Diese Karte wurde zu oft gesendet. Schreiben Sie dem Shop.
gift-trouble-changed-meanwhile = Die Karte hat sich eben geändert. Sehen Sie noch einmal nach.
gift-trouble-other = Versuchen Sie es gleich noch einmal.
gift-store = Geschenkkarten
gift-store-text = Schenken Sie, was gefällt: Ausgesucht wird selbst.
gift-store-go = Geschenkkarte kaufen
fulfil-gift = Geschenkkarte
fault-gift-amount = Wählen Sie einen Betrag oder schreiben Sie einen zwischen dem kleinsten und dem größten
fault-gift-pieces = Schreiben Sie eine Zahl von 1 bis 10
fault-gift-day = Wählen Sie einen Tag von heute bis in einem Jahr
trouble-gift_currency = Dieser Shop verkauft keine Geschenkkarten in dieser Währung.
trouble-gift_changed = Diese Geschenkkarten werden jetzt in einer anderen Währung verkauft. Wählen Sie den Betrag noch einmal; es wurde nichts abgebucht.
