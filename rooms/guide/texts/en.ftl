# The way in: front page, search, owed pages, settings. Every key exists in de.ftl too.

guide-home-tab = Home
guide-home-title = What would you like to do in { $town }?
guide-home-lead = Report damage, see the status, ask questions – without an account and at any time.
guide-home-often = Often needed
guide-home-news = Important now
guide-home-newest = New reports
guide-home-all-reports = All reports
guide-home-balance = Reported and fixed
guide-home-map = All reports on the map
guide-balance-big = { $fixed } of { $reported }
guide-balance-text = { $reported ->
    [one] report
   *[other] reports
} from the last { $days } days { $fixed ->
    [one] is
   *[other] are
} done.
guide-balance-mean = On average it took { $days }.
guide-balance-words = { $fixed } done, { $open } open
guide-notice-until = until { $date }

guide-card-help-title = Questions and help
guide-card-help-text = We answer in writing or by phone.
guide-card-ask = Ask a question
guide-card-how = How this website works
guide-card-contact = Phone and address
guide-card-access-title = Access for all
guide-card-access-text = Read, listen and use it the way that suits you.

guide-townhall-title = Town hall
guide-townhall-lead = Everything you can do here, and how to reach us.
guide-townhall-reach = How to reach us

guide-search-title = Search
guide-search-label = Search this website
guide-search-example = For example: street lamp
guide-search-pages = Pages
guide-search-count = { $n ->
    [0] We found nothing for this.
    [one] 1 result
   *[other] { $n } results
}
guide-search-meant = We searched for “{ $word }”.
guide-search-instead = Where to go from here
guide-search-tip = Check the spelling or try another word. We also help by phone.

guide-imprint-title = Legal notice
guide-privacy-title = Privacy
guide-accessibility-title = Accessibility statement
guide-contact-title = Contact
guide-help-title = Help
guide-easy-language-title = Easy language (German)
guide-sign-language-title = Sign language
guide-film-label = Film in German Sign Language: what you find on this website
guide-film-download = Download the film
guide-film-transcript = What is said in the film (in German)
guide-film-none = We do not have a film in German Sign Language about this website yet. As soon as there is one, you find it here.
guide-only-german = This text exists in German only.

guide-question-title = Ask us a question
guide-question-lead = You do not need an account. We pass your question on to the right office.
guide-question-label = Your question
guide-question-hint = Please do not give names of other people.
guide-question-missing = Write your question in the field.
guide-question-send = Send question
guide-email = E-mail address (optional)
guide-email-hint = Then we write to you as soon as there is an answer. First you confirm the address with a link.
guide-email-wrong = Check the e-mail address, for example: name@example.com. Or leave the field empty.
guide-text-long = Shorten the text to 5,000 characters.
guide-privacy-line = We use what you enter only to answer you.
guide-trap = Leave this field empty

guide-barrier-title = Report a barrier
guide-barrier-lead = Is there anything on this website that you cannot read, understand or use? Tell us. We will answer within four weeks.
guide-barrier-label = What did not work?
guide-barrier-hint = What did you want to do? Do you use an aid, for example a screen reader?
guide-barrier-missing = Write briefly what did not work.
guide-barrier-page = Page with the barrier
guide-barrier-page-hint = If you came from one of our pages, it is filled in. You can change it.
guide-barrier-page-long = Shorten the address of the page to 500 characters.
guide-barrier-send = Report barrier
guide-barrier-phone = Would you rather call? You can reach us at

guide-sent-title = We have your message
guide-sent-due = We answer by { $date }.
guide-sent-number = Number
guide-sent-pin = PIN
guide-sent-keep = Write down the number and PIN, or print this page. You need them to see our answer and to ask again. This page stays open for one hour only.
guide-sent-status = See status

guide-display-title = Display
guide-display-lead = Choose how you want to read and use this website.
guide-display-theme = Colours
guide-display-device = as on my device
guide-display-light = light
guide-display-dark = dark
guide-display-contrast = high contrast
guide-display-size = Text size
guide-display-100 = normal
guide-display-125 = larger
guide-display-150 = large
guide-display-200 = very large
guide-display-motion = Motion
guide-display-still = no motion
guide-display-links = Links
guide-display-usual = as usual
guide-display-underlined = always underlined
guide-display-spacing = Text spacing
guide-display-wide = more space between letters, words and lines
guide-display-keys = Single keys at the desk
guide-display-keys-on = single keys do something
guide-display-keys-off = off
guide-display-save = Save
guide-display-cookie = A cookie on this device remembers the choice for one year. Nothing else is stored.

flash-guide-display = Saved. This is how the website looks now.
flash-guide-sent = Thank you for your message.
flash-guide-saved = Saved.
flash-guide-removed = The notice is deleted.
flash-guide-film-removed = The film has been removed.
