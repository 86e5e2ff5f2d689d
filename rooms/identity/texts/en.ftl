# Signing in and accounts of the staff. Every key exists in de.ftl too.

identity-sign-in-title = Sign in
identity-sign-in-who = This sign-in is for people who work for the town. You need no account to report damage or to look up the status of a report.
identity-email = E-mail address
identity-password = Password
identity-sign-in = Sign in
identity-forgotten = Forgotten your password? The person who manages accounts in your office sends you a new link.
identity-to-status = Look up the status of your report
identity-demo-title = Accounts of the demo
identity-demo-text = Sign in with one click. All accounts have this password:
identity-email-missing = Enter your e-mail address.
identity-password-missing = Enter your password.
identity-sign-in-refused = E-mail address or password are not right. After several failed tries please wait 15 minutes.

identity-invitation-title = Choose a password
identity-invitation-text = You are setting up the account for
identity-invitation-send = Save password and sign in
identity-name = Name
identity-name-hint = First and last name, as your colleagues know you.
identity-name-missing = Enter your name.
identity-name-long = Shorten the name to 120 characters.
identity-new-password = New password
identity-password-hint = At least 12 characters. Best are some words that only you would put together.
identity-password-short = Choose a password with at least 12 characters.
identity-password-long = Choose a password with at most 256 characters.
identity-password-common = Attackers try this password first. Choose another one, for example four words that have nothing to do with each other.
identity-password-personal = Choose a password that is not made of your name, your address or the town.
identity-old-password-wrong = The present password is not right.

flash-identity-signed-out = You are signed out.
flash-identity-welcome = Welcome. Your password is saved.
flash-identity-saved = Saved.
flash-identity-password = Your password is changed. Other devices are signed out.
flash-identity-sessions = All other devices are signed out.
flash-identity-invited = The invitation is on its way.
flash-identity-disabled = The account is locked.
flash-identity-enabled = The account is open again.
