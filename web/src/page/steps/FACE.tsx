// `FACE`: a live picture, compared with the enrolled face.

import { useText } from '../language';
import type { StepProps } from '../rooms';
import { LiveStep } from '../screens';

export default function Face({ enrols, model: _, ...props }: StepProps) {
  const text = useText();
  return <LiveStep lead={enrols ? text.live.enrolLead : text.live.lead} {...props} />;
}
