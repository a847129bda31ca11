// `FACE`: a live picture, compared with the enrolled face.

import { en as text } from '../../text/en';
import type { StepProps } from '../rooms';
import { LiveStep } from '../screens';

export default function Face({ enrols, model: _, ...props }: StepProps) {
  return <LiveStep lead={enrols ? text.live.enrolLead : text.live.lead} {...props} />;
}
