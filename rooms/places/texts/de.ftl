# Ortsverzeichnis: the place search.
places-title = Orte finden
places-label = Adresse oder Ort
places-hint = Straße und Hausnummer oder ein Ort wie „Lindenpark“
places-search = Suchen
places-hits = Treffer
places-none = Wir haben dazu keinen Ort gefunden. Bitte prüfen Sie die Schreibweise.
places-picture = Karte mit den nummerierten Treffern der Liste
places-kind-address = Adresse
places-kind-asset = Gegenstand
places-kind-street = Straße
places-kind-district = Ortsteil
places-kind-playground = Spielplatz
places-kind-park = Grünfläche
places-kind-building = Gebäude
places-kind-square = Platz
places-kind-water = Gewässer
places-kind-stop = Haltestelle
