# Place register: the place search.
places-title = Find places
places-label = Address or place
places-hint = Street and house number, or a place such as “Lindenpark”
places-search = Search
places-hits = Results
places-none = We found no such place. Please check the spelling.
places-picture = Map with the numbered results of the list
places-kind-address = Address
places-kind-asset = Item
places-kind-street = Street
places-kind-district = District
places-kind-playground = Playground
places-kind-park = Green space
places-kind-building = Building
places-kind-square = Square
places-kind-water = Water
places-kind-stop = Stop
