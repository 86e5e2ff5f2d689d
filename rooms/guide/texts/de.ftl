# The way in: front page, search, owed pages, settings. Every key exists in en.ftl too.

guide-home-tab = Startseite
guide-home-title = Was möchten Sie in { $town } erledigen?
guide-home-lead = Schäden melden, den Stand ansehen, Fragen stellen – ohne Konto und zu jeder Zeit.
guide-home-often = Häufig gesucht
guide-home-news = Gerade wichtig
guide-home-newest = Neue Meldungen
guide-home-all-reports = Alle Meldungen
guide-home-balance = Gemeldet und behoben
guide-home-map = Alle Meldungen auf der Karte
guide-balance-big = { $fixed } von { $reported }
guide-balance-text = { $reported ->
    [one] Meldung
   *[other] Meldungen
} der letzten { $days } Tage { $fixed ->
    [one] ist
   *[other] sind
} erledigt.
guide-balance-mean = Im Mittel dauerte es { $days }.
guide-balance-words = { $fixed } erledigt, { $open } offen
guide-notice-until = bis { $date }

guide-card-help-title = Fragen und Hilfe
guide-card-help-text = Wir antworten schriftlich oder am Telefon.
guide-card-ask = Frage stellen
guide-card-how = So funktioniert diese Website
guide-card-contact = Telefon und Anschrift
guide-card-access-title = Zugang für alle
guide-card-access-text = Lesen, hören und bedienen, wie es für Sie passt.

guide-townhall-title = Rathaus
guide-townhall-lead = Alles, was Sie hier erledigen können, und wie Sie uns erreichen.
guide-townhall-reach = So erreichen Sie uns

guide-search-title = Suche
guide-search-label = Suche auf dieser Website
guide-search-example = Zum Beispiel: Straßenlaterne
guide-search-pages = Seiten
guide-search-count = { $n ->
    [0] Wir haben dazu nichts gefunden.
    [one] 1 Treffer
   *[other] { $n } Treffer
}
guide-search-meant = Wir haben nach „{ $word }“ gesucht.
guide-search-instead = Hier geht es weiter
guide-search-tip = Prüfen Sie die Schreibweise oder versuchen Sie ein anderes Wort. Am Telefon helfen wir auch.

guide-imprint-title = Impressum
guide-privacy-title = Datenschutz
guide-accessibility-title = Erklärung zur Barrierefreiheit
guide-contact-title = Kontakt
guide-help-title = Hilfe
guide-easy-language-title = Leichte Sprache
guide-sign-language-title = Gebärdensprache
guide-film-label = Film in Deutscher Gebärdensprache: was Sie auf dieser Website finden
guide-film-download = Film herunterladen
guide-film-transcript = Was im Film gesagt wird
guide-film-none = Einen Film in Deutscher Gebärdensprache über diese Website haben wir noch nicht. Sobald es ihn gibt, steht er hier.
guide-only-german = Diesen Text gibt es nur auf Deutsch.

guide-question-title = Stellen Sie uns eine Frage
guide-question-lead = Sie brauchen kein Konto. Wir leiten Ihre Frage an das richtige Amt.
guide-question-label = Ihre Frage
guide-question-hint = Bitte nennen Sie keine Namen anderer Personen.
guide-question-missing = Schreiben Sie Ihre Frage in das Feld.
guide-question-send = Frage senden
guide-email = E-Mail-Adresse (freiwillig)
guide-email-hint = Dann schreiben wir Ihnen, sobald es eine Antwort gibt. Sie bestätigen die Adresse zuerst mit einem Link.
guide-email-wrong = Prüfen Sie die E-Mail-Adresse, zum Beispiel: name@beispiel.de. Oder lassen Sie das Feld leer.
guide-text-long = Kürzen Sie den Text auf 5.000 Zeichen.
guide-privacy-line = Wir verwenden Ihre Angaben nur, um Ihnen zu antworten.
guide-trap = Lassen Sie dieses Feld leer

guide-barrier-title = Barriere melden
guide-barrier-lead = Sie können etwas auf dieser Website nicht lesen, verstehen oder bedienen? Sagen Sie es uns. Wir antworten spätestens nach vier Wochen.
guide-barrier-label = Was hat nicht geklappt?
guide-barrier-hint = Was wollten Sie tun? Benutzen Sie ein Hilfsmittel, zum Beispiel ein Vorleseprogramm?
guide-barrier-missing = Schreiben Sie kurz, was nicht geklappt hat.
guide-barrier-page = Seite mit der Barriere
guide-barrier-page-hint = Kommen Sie von einer unserer Seiten, dann steht sie hier schon. Sie können das ändern.
guide-barrier-page-long = Kürzen Sie die Adresse der Seite auf 500 Zeichen.
guide-barrier-send = Barriere melden
guide-barrier-phone = Lieber am Telefon? Sie erreichen uns unter

guide-sent-title = Ihre Nachricht ist da
guide-sent-due = Wir antworten bis { $date }.
guide-sent-number = Nummer
guide-sent-pin = PIN
guide-sent-keep = Schreiben Sie Nummer und PIN auf oder drucken Sie diese Seite. Damit sehen Sie unsere Antwort und können nachfragen. Diese Seite öffnet sich nur eine Stunde lang.
guide-sent-status = Stand ansehen

guide-display-title = Darstellung
guide-display-lead = Stellen Sie ein, wie Sie diese Website lesen und bedienen möchten.
guide-display-theme = Farben
guide-display-device = wie auf meinem Gerät
guide-display-light = hell
guide-display-dark = dunkel
guide-display-contrast = starker Kontrast
guide-display-size = Textgröße
guide-display-100 = normal
guide-display-125 = größer
guide-display-150 = groß
guide-display-200 = sehr groß
guide-display-motion = Bewegung
guide-display-still = keine Bewegung
guide-display-links = Links
guide-display-usual = wie üblich
guide-display-underlined = immer unterstrichen
guide-display-spacing = Abstände im Text
guide-display-wide = mehr Abstand zwischen Buchstaben, Wörtern und Zeilen
guide-display-keys = Einzelne Tasten im Arbeitsplatz
guide-display-keys-on = einzelne Tasten lösen etwas aus
guide-display-keys-off = aus
guide-display-save = Speichern
guide-display-cookie = Die Auswahl merkt sich ein Cookie auf diesem Gerät, ein Jahr lang. Sonst wird nichts gespeichert.

flash-guide-display = Gespeichert. So sieht die Website jetzt aus.
flash-guide-sent = Danke für Ihre Nachricht.
flash-guide-saved = Gespeichert.
flash-guide-removed = Der Hinweis ist gelöscht.
flash-guide-film-removed = Der Film ist entfernt.
