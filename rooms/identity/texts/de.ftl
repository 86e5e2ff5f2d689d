# Signing in and accounts of the staff. Every key exists in en.ftl too.

identity-sign-in-title = Anmelden
identity-sign-in-who = Diese Anmeldung ist für Beschäftigte der Verwaltung. Um einen Schaden zu melden oder den Stand abzufragen, brauchen Sie kein Konto.
identity-email = E-Mail-Adresse
identity-password = Passwort
identity-sign-in = Anmelden
identity-forgotten = Passwort vergessen? Wer bei Ihnen die Zugänge verwaltet, schickt Ihnen einen neuen Link.
identity-to-status = Stand Ihrer Meldung abfragen
identity-demo-title = Konten der Vorführung
identity-demo-text = Melden Sie sich mit einem Klick an. Alle Konten haben dieses Passwort:
identity-email-missing = Geben Sie Ihre E-Mail-Adresse ein.
identity-password-missing = Geben Sie Ihr Passwort ein.
identity-sign-in-refused = E-Mail-Adresse oder Passwort stimmen nicht. Nach mehreren Fehlversuchen warten Sie bitte 15 Minuten.

identity-invitation-title = Passwort wählen
identity-invitation-text = Sie richten den Zugang ein für
identity-invitation-send = Passwort speichern und anmelden
identity-name = Name
identity-name-hint = Vorname und Nachname, so wie Ihre Kolleginnen und Kollegen Sie kennen.
identity-name-missing = Geben Sie Ihren Namen ein.
identity-name-long = Kürzen Sie den Namen auf 120 Zeichen.
identity-new-password = Neues Passwort
identity-password-hint = Mindestens 12 Zeichen. Am besten einige Wörter, die nur Ihnen zusammen einfallen.
identity-password-short = Wählen Sie ein Passwort mit mindestens 12 Zeichen.
identity-password-long = Wählen Sie ein Passwort mit höchstens 256 Zeichen.
identity-password-common = Dieses Passwort probieren Angreifer als Erstes. Wählen Sie ein anderes, zum Beispiel vier Wörter, die nichts miteinander zu tun haben.
identity-password-personal = Wählen Sie ein Passwort, das nicht aus Ihrem Namen, Ihrer Adresse oder dem Ort besteht.
identity-old-password-wrong = Das bisherige Passwort stimmt nicht.

flash-identity-signed-out = Sie sind abgemeldet.
flash-identity-welcome = Willkommen. Ihr Passwort ist gespeichert.
flash-identity-saved = Gespeichert.
flash-identity-password = Ihr Passwort ist geändert. Andere Geräte sind abgemeldet.
flash-identity-sessions = Alle anderen Geräte sind abgemeldet.
flash-identity-invited = Die Einladung ist unterwegs.
flash-identity-disabled = Der Zugang ist gesperrt.
flash-identity-enabled = Der Zugang ist wieder offen.
