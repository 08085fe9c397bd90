"""What an AWS account has to grant, in every form in which people make roles. Pure."""
