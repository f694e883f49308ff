export interface SignInLinksTable {
  link_id: string
  expires_at: Date
}
